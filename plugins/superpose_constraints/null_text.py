r"""Null-text inversion: a real image that comes back under guidance (Mokady et al. 2022, arXiv 2211.09794).

The image is inverted without guidance, which gives a state :math:`z^*` at each level. From the noisiest down, what
guidance starts from, :math:`\varnothing_t`, is then learned so that the guided step leads to the next of them:

.. math:: \min_{\varnothing_t} \lVert z^*_s - \mathrm{DDIM}(\bar z_t;\ \varnothing_t, \text{prompt}) \rVert^2

going on from what was learned for the step before. The network and the prompt stay as they are, so that the image can
be edited by its words: with `prompt-to-prompt` after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import (
    Canvas,
    Conditioning,
    Constraint,
    Edit,
    Fit,
    Plan,
    Problem,
    RecipeError,
    Rule,
    fit_option,
    option,
    read_image,
    resizer_option,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoiser, StepNoise
    from superpose_constraints.null_words import Learned, NullWords

#: Steps of a plan, at most: in the hundredth the rate of learning has come down to nothing.
MOST_STEPS = 100


@attrs.frozen(kw_only=True)
class NullText(Constraint):
    """Starts from the noise that an image hides, and has it come back under guidance.

    For each step it learns what guidance starts from, in the place of the negative prompt: the image comes back where
    the recipe shows what it shows, and with ``prompt-to-prompt``, whose ``source`` is that, it is edited by its words.
    Every sample starts from the same noise. It costs the inversion, and up to ``inner`` evaluations forward and back a
    step, once for all samples of a run.
    """

    kind = "null-text"
    papers = ("arXiv 2211.09794",)
    needs = frozenset({"deterministic", "single_step", "differentiable"})
    image: Path = option(doc="the image that is to come back")
    prompt: str | None = option(None, doc="what it shows; what the recipe shows when not given")
    inner: int = option(10, doc="times that it learns in a step, at most", ge=0, le=1000)
    epsilon: float = option(1e-5, doc="mean squared distance of states from which on a step is learned", ge=0)
    rate: float = option(1e-2, doc="rate of learning (Adam) in the first step; less by a hundredth of it in each", gt=0)
    fit: str = fit_option()
    resizer: str = resizer_option()

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """A file that can't be read, or has another size."""
        yield from Problem.caught("image", partial(self._picture, canvas))

    def bind(self, canvas: Canvas) -> HiddenImage:
        """The file as a tensor, with what explains it."""
        from superpose_constraints.null_words import NullWords  # needs torch; this module does not

        if canvas.predictor is None or canvas.denoiser is None:
            raise AssertionError("bound with a network only")
        if not any(site.kind == "cross" for site in canvas.predictor.sites):
            raise RecipeError("null-text learns words: use a model of text with cross-attention")
        if tuple(canvas.shape) != tuple(canvas.predictor.shape):
            raise RecipeError("null-text inverts images of the model's own size: leave [canvas] out")
        if canvas.predictor.concat_conditioning:
            raise RecipeError("null-text explains an image by words, and this network sees a picture beside them")
        shown = canvas.prompts or ()
        if len(shown) != 1:
            found = ", ".join(map(repr, shown)) or "none"
            raise RecipeError(f"null-text explains an image by one prompt, and what is shown has {found}: show one")
        told = canvas.predictor.condition(shown[0] if self.prompt is None else self.prompt)
        words = NullWords(
            predictor=canvas.predictor,
            denoiser=canvas.denoiser,
            shown=shown[0],
            told=told,
            image=canvas.state_of(self._picture(canvas))[None],
            inner=self.inner,
            epsilon=self.epsilon,
            rate=self.rate,
        )
        return HiddenImage(words)

    def _picture(self, canvas: Canvas) -> Tensor:
        return read_image(self.image, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))


@attrs.frozen(eq=False)
class HiddenImage(Rule):
    """Null-text inversion with all at hand; for Python, where there are no files.

    Attributes:
        words: What is learned.
        descent: The plan that is run; None before it is known.
    """

    kind = "null-text"
    needs = frozenset({"deterministic", "single_step", "differentiable"})
    words: NullWords
    descent: Plan | None = None
    _learned: list[Learned] = attrs.field(factory=list, init=False)

    def along(self, plan: Plan) -> HiddenImage:
        """The same for a plan.

        Raises:
            RecipeError: If the plan climbs, or is longer than anything is learned.
        """
        if any(plan.climbs(step) for step in range(plan.steps)):
            raise RecipeError("null-text runs the plan backwards, and this one climbs again: remove the repeats")
        if plan.steps > MOST_STEPS:
            raise RecipeError(
                f"null-text learns in at most {MOST_STEPS} steps, and the plan has {plan.steps}: use fewer"
            )
        return attrs.evolve(self, descent=plan)

    def conditioned(self, conditioning: Conditioning | None) -> HiddenImage:
        """Itself; a network that sees something beside the samples is refused."""
        if conditioning is not None:
            raise RecipeError("null-text explains an image by words, and this network sees more beside the samples")
        return self

    @property
    def learned(self) -> Learned:
        """The words along the plan, learned once: they are the same for all samples."""
        if self.descent is None:
            raise AssertionError("asked of a rule that knows its plan only")
        if not self._learned:
            self._learned.append(self.words.learn(self.descent))
        return self._learned[0]

    def start(self, x: Tensor, plan: Plan, noise: StepNoise) -> Edit:
        """The state that the image has at the plan's first level."""
        del plan, noise
        return Edit(self.learned.states[0].to(x).expand_as(x), jumped=False)

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser, told in each step what was learned for it."""
        from superpose_constraints.null_words import TellingNull

        return TellingNull(denoiser, self.words.predictor, lambda: self.learned)
