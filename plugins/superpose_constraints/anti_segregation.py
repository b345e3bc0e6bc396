r"""Views that share the places of the image: Anagram-MTL's overlap term (Xu et al. 2025, arXiv 2412.02693, sec. 3.2).

Views of which each looks at places of its own make a collage, and no illusion. Where the word of view i is looked at
in the image, :math:`A_i`, its attention turned back by the view, is compared for each pair of the N views:

.. math:: L = \mathrm{mean}_{i<j} \Big| 0.5 - 0.05\,(N - 1) - \frac{\sum \min(A_i, A_j)}{\sum (A_i + A_j)} \Big|

and after each of the first steps the state slides down its slope, :math:`x_s \leftarrow x_s - \lambda \nabla L`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Canvas, Conditioning, Constraint, Edit, Plan, RecipeError, Rule, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel, NoisePredictor, StepNoise
    from superpose_constraints.shared_places import Looking


@attrs.frozen(kw_only=True)
class AntiSegregation(Constraint):
    """Has the views of an image look at the same places for what they show, so that each place serves all of them.

    ``words`` names what each view shows, one word of its prompt a view. A step costs one evaluation of each view
    forward and back besides, without guidance.
    """

    kind = "anti-segregation"
    papers = ("arXiv 2412.02693",)
    needs = frozenset({"differentiable", "single_step"})
    words: tuple[str, ...] = option(doc="a word of each view's prompt, in the order of the views")
    rate: float = option(5.0, doc="how far the state slides down the slope of a step", gt=0)
    stop: float = option(26 / 30, doc="share of the steps after which it does", ge=0, le=1)

    def bind(self, canvas: Canvas) -> SharedPlaces:
        """The rule, which knows the views and where each word is in its prompt."""
        from superpose_constraints.shared_places import looking  # needs torch; this module does not

        if canvas.predictor is None or canvas.denoiser is None:
            raise AssertionError("bound with a network only")
        if not any(site.kind == "cross" for site in canvas.predictor.sites):
            raise RecipeError(
                "anti-segregation reads where words are looked at: use a model of text with cross-attention"
            )
        if tuple(canvas.shape) != tuple(canvas.predictor.shape):
            raise RecipeError("anti-segregation is of images of the model's own size: leave [canvas] out")
        views = looking(canvas.denoiser, canvas.predictor, canvas.prompts or (), self.words)
        return SharedPlaces(canvas.predictor, views, self.rate, self.stop, canvas.batch_size)


@attrs.frozen(eq=False)
class SharedPlaces(Rule):
    """Anti-segregation with the views at hand; for Python, where there is no recipe.

    Attributes:
        predictor: The network.
        views: The views, each with what it is told.
        rate: How far a step slides.
        stop: Share of the steps after which it does.
        batch_size: Rows of a forward pass; see `superpose.BatchedEvaluator`.
        steps: Of the plan.
    """

    kind = "anti-segregation"
    needs = frozenset({"differentiable", "single_step"})
    predictor: NoisePredictor
    views: Sequence[Looking]
    rate: float = 5.0
    stop: float = 26 / 30
    batch_size: int | None = None
    steps: int = 0

    def along(self, plan: Plan) -> SharedPlaces:
        """The same for a plan."""
        return attrs.evolve(self, steps=plan.steps)

    def conditioned(self, conditioning: Conditioning | None) -> SharedPlaces:
        """Itself; a network that sees something beside the samples is refused."""
        if conditioning is not None:
            raise RecipeError("anti-segregation asks about states alone, and this network sees more beside the samples")
        return self

    def after(self, x: Tensor, there: NoiseLevel, noise: StepNoise) -> Edit:
        """The state, moved down the slope of what the views do not share."""
        from superpose_constraints.shared_places import slope

        del noise
        if there.sigma == 0 or there.index > self.stop * self.steps:
            return Edit(x, jumped=False)
        return Edit(x - self.rate * slope(self.predictor, self.views, x, there, self.batch_size))
