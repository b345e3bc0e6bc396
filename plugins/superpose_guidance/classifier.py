"""Classifier guidance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import (
    BoundGuidance,
    Classifier,
    ClassifierPredictor,
    Clip,
    Condition,
    Context,
    Denoiser,
    Estimate,
    Estimation,
    Guidance,
    NoiseLevel,
    NoisePredictor,
    Problem,
    Prompted,
    PromptError,
    Query,
    option,
    problems_of,
    together,
    with_gradient,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Model


@attrs.frozen(kw_only=True)
class ClassifierGuidance(Guidance):
    r"""Classifier guidance: towards images that a classifier of noisy images takes for the prompt's class.

    With ``ddpm`` the gradient moves the mean of each step by its variance, with every other scheduler it moves epsilon,

    .. math:: \epsilon \leftarrow \epsilon - s\,\sigma_t \nabla_{x_t} \log p(y | x_t)

    after the clean image has been clipped (algorithms 1 and 2 of the paper). With ``keep`` it moves the clean image
    before that, in each view by itself: strong guidance of pixels then stays among images. The prompt names the class
    for both, the network and the classifier; ``label`` tells it to the classifier alone, for networks that know no
    classes. Under ``base`` another guidance does its part first.
    """

    kind = "classifier"
    papers = ("arXiv 2105.05233",)
    classifier: Classifier = option(doc="the classifier: a table with its kind")
    scale: float = option(1.0, doc="s: 0 is no guidance, 1 obeys Bayes' rule, more follows the class more closely")
    label: str | None = option(None, doc="the class to steer towards; that of the prompt when not given")
    base: Guidance | None = option(None, doc="the guidance of what is steered; the prompt alone when not given")
    keep: bool = option(False, doc="move the clean image and clip it anew as the model does, so that it stays an image")

    @property
    def negates(self) -> bool:
        """True where its base asks for the negative prompt."""
        return self.base is not None and self.base.negates

    def problems(self, model: Model) -> Iterator[Problem]:
        """A classifier judges images of its own size, on the noise levels that it has learned."""
        if self.base is not None:
            yield from (problem.inside("base") for problem in problems_of(self.base.problems, model))
        if self.classifier.shape != model.shape:
            what = f"its classifier judges images of {self.classifier.shape}, and the model paints {model.shape}"
            yield Problem("classifier", what, "use one that was trained on images of that size")
        elif self.classifier.schedule != model.schedule:
            what = "its classifier was trained on other noise levels than the model"
            yield Problem("classifier", what, "give both the same (betas)")
        if self.label is not None:
            try:
                self.classifier.label(self.label)
            except PromptError as error:
                yield Problem.of(error, "label")

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """Problems of its base with guiding towards a prompt, and one that is no class of the classifier."""
        if self.base is not None:
            yield from problems_of(self.base.prompt_problems, prompt)
        yield from Problem.caught("", lambda: self.class_of(prompt))

    def class_of(self, prompt: str) -> int:
        """The class that an image of ``prompt`` is steered towards.

        Raises:
            PromptError: If the classifier knows no such class.
        """
        return self.classifier.label(prompt if self.label is None else self.label)

    def bind(self, context: Context) -> BoundGuidance:
        """This guidance with its classifier read."""
        base = None if self.base is None else self.base.bind(context)
        loaded = context.load(self.classifier)
        return Bound(load=loaded, label=self.class_of, scale=self.scale, base=base, keep=self.keep)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Bind the classifier; reads it, which `bind` does once for all prompts."""
        return self.bind(Context.of(predictor)).denoiser(predictor, condition, negative)

    def weights(self) -> dict[str, str]:
        """Those of the classifier."""
        return self.classifier.weights()


@attrs.frozen(kw_only=True, eq=False)
class Bound(BoundGuidance):
    """Classifier guidance with its classifier at hand; for Python, where it may come from anywhere.

    Attributes:
        load: The classifier.
        label: From a prompt to its class.
        scale: How strongly it steers.
        base: The guidance of what is steered.
        keep: Whether the steered clean image is clipped.
    """

    load: ClassifierPredictor
    label: Callable[[str], int]
    scale: float = 1.0
    base: BoundGuidance | None = None
    keep: bool = False
    _told: dict[int, Condition] = attrs.field(factory=dict, init=False)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Guidance by the classifier."""
        plain = Prompted(predictor, condition)
        inner = plain if self.base is None else self.base.denoiser(predictor, condition, negative)
        if self.scale == 0:
            return inner
        # A class is told once, so that equal questions are asked once.
        if condition.between is not None:
            raise PromptError(
                f"a classifier knows prompts, and {condition.prompt!r} is between two: take another guidance, or leave "
                "interpolate out"
            )
        label = self.label(condition.prompt)
        if label not in self._told:
            self._told[label] = self.load.condition(condition.prompt, label)
        return GradientGuided(inner, self.load, self._told[label], self.scale, predictor.clip if self.keep else None)

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """That of the base: a class is what each prompt is steered towards."""
        return Prompted(predictor, negative) if self.base is None else self.base.unprompted(predictor, negative)


@attrs.frozen(eq=False)
class GradientGuided(Denoiser):
    """A denoiser that a classifier steers towards a class."""

    inner: Denoiser
    classifier: ClassifierPredictor
    condition: Condition
    scale: float
    clip: Clip | None = None

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask both at once; the gradient goes beside the clean image."""
        estimate, judged = yield from together([self.inner.estimate(x, level), self._judged(x)])
        guidance_gradient = judged.clean * self.scale
        if estimate.guidance_gradient is not None:
            guidance_gradient.add_(estimate.guidance_gradient)
        estimate = estimate._replace(guidance_gradient=guidance_gradient)
        if self.clip is None:
            return estimate
        estimate = with_gradient(estimate, level)
        return estimate.mapped(self.clip.apply)

    def _judged(self, x: Tensor) -> Estimation:
        # What is laid beside the state is no part of the image that is judged. A state alone stays the very same
        # tensor, so that equal questions are asked once.
        channels = self.classifier.shape[0]
        [gradient] = yield [Query(self.classifier, x if x.shape[1] == channels else x[:, :channels], self.condition)]
        return Estimate(gradient.output)
