"""Undertow: a guidance that reads a second network."""

import attrs
from superpose import BoundGuidance, Context, Guidance, Model, Problem, guided, option, problems_of, prompted


@attrs.frozen(kw_only=True)
class Undertow(Guidance):
    """Away from what a second network says of the same prompt, where that errs as the first does, only more so."""

    kind = "undertow"
    papers = ("arXiv 2406.02507",)
    model: Model = option(doc="the second network: a table with its kind")  # noqa: RUF009  (a field of attrs)
    scale: float = option(2.0, doc="w: 1 is no guidance", gt=0)

    @property
    def negates(self):
        """The negative prompt is not asked for."""
        return False

    def problems(self, model):
        """Both networks must paint the same states."""
        if self.model.shape != model.shape:
            what = f"the second network paints {self.model.shape}, and the model {model.shape}"
            yield Problem("model", what, "use one of the same size")

    def prompt_problems(self, prompt):
        """Both networks must know the prompt."""
        yield from problems_of(self.model.prompt_problems, prompt)

    def bind(self, context):
        """The guidance with its second network read."""
        return Pulling(context.load(self.model), context, self.scale)

    def denoiser(self, predictor, condition, negative):
        """For Python: the second network is read here."""
        return self.bind(Context.of(predictor)).denoiser(predictor, condition, negative)


@attrs.frozen(eq=False)
class Pulling(BoundGuidance):
    """The guidance with both networks at hand."""

    second: object
    context: Context
    scale: float

    def denoiser(self, predictor, condition, negative):
        """Both networks, mixed."""
        alone = prompted(predictor, condition)
        if self.second is predictor:
            return alone
        other = prompted(self.second, self.context.condition(self.second, condition.prompt))
        return guided(alone, other, self.scale)
