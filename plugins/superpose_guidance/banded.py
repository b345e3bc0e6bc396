"""Guidance with a strength for each part of the image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import (
    BoundGuidance,
    Context,
    Decomposition,
    Guidance,
    Problem,
    RecipeError,
    factorized,
    option,
    problems_of,
)
from superpose_guidance.in_parts import InParts, Lens

if TYPE_CHECKING:
    from superpose import Condition, Denoiser, Model, NoisePredictor


@attrs.frozen(kw_only=True)
class Banded(Guidance):
    r"""A guidance for each part of a decomposition: strong where it helps, weak where it burns.

    .. math:: D(x) = \sum_i F_i\, d_i(x)

    where part i of the image is that of guidance i. With the bands of a ``laplacian`` pyramid and a ``cfg`` each it is
    frequency-decoupled guidance: low frequencies hold colours and the layout, which strong guidance oversaturates, high
    ones hold detail, which it makes crisp. Any decomposition and any guidances go together; what several of them ask is
    asked once.

    A guidance may measure something: ``apg`` the length of a change and what is parallel to the image, ``rescale`` a
    contrast. With ``sees = "image"`` it measures the whole image and gives its part; with ``sees = "part"`` it is told
    of nothing but its part, as in the paper. Where nothing is measured, as in ``cfg``, the two are the same.
    """

    kind = "banded"
    papers = ("arXiv 2506.19713",)
    decomposition: Decomposition = option(doc="how the image is taken apart: a table with its kind")
    base: tuple[Guidance, ...] = option(doc="the guidance of each part, in the order of the parts: tables with a kind")
    sees: str = option("image", doc="what each guidance is told of: all, or its part", choices=("image", "part"))

    def __attrs_post_init__(self) -> None:
        """Refuse a number of guidances that is not that of the parts."""
        names = self.decomposition.names
        if len(self.base) != len(names):
            raise RecipeError(
                f"base has {len(self.base)} guidances, and must have one for each part of "
                f"{self.decomposition.kind}: {', '.join(names)}"
            )

    @property
    def negates(self) -> bool:
        """True where one of them asks for the negative prompt."""
        return any(guidance.negates for guidance in self.base)

    def problems(self, model: Model) -> Iterator[Problem]:
        """Problems of one of them with guiding a model, and those of taking its images apart."""
        for problem in problems_of(self.decomposition.problems, model.shape):
            yield problem.inside("decomposition")
        for i, guidance in enumerate(self.base):
            yield from (problem.inside("base", i) for problem in problems_of(guidance.problems, model))

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """Problems of one of them with guiding towards a prompt."""
        for guidance in self.base:
            yield from problems_of(guidance.prompt_problems, prompt)

    def bind(self, context: Context) -> BoundGuidance:
        """The same with each guidance bound."""
        if self.sees == "image":
            return Bound(self.decomposition, tuple(guidance.bind(context) for guidance in self.base))
        lenses = tuple(Lens(self.decomposition, number, context) for number in range(len(self.base)))
        base = (guidance.bind(lens.inside) for guidance, lens in zip(self.base, lenses, strict=True))
        return Bound(self.decomposition, tuple(base), lenses)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimates of each for the prompt, put together."""
        return self.bind(Context.of(predictor)).denoiser(predictor, condition, negative)


@attrs.frozen(eq=False)
class Bound(BoundGuidance):
    """A decomposition with a guidance that is bound for each of its parts.

    Attributes:
        decomposition: How the image is taken apart.
        base: The guidances.
        lenses: What each is shown networks through; none where it sees the whole image.
    """

    decomposition: Decomposition
    base: tuple[BoundGuidance, ...]
    lenses: tuple[Lens, ...] = ()

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimates of each for the prompt, put together."""
        seen = self._seen(predictor)
        return self._whole(
            guidance.denoiser(one, condition, negative) for guidance, one in zip(self.base, seen, strict=True)
        )

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """Those of each, put together."""
        seen = self._seen(predictor)
        return self._whole(guidance.unprompted(one, negative) for guidance, one in zip(self.base, seen, strict=True))

    def _seen(self, predictor: NoisePredictor) -> list[NoisePredictor]:
        """The network as each guidance sees it."""
        return [lens.of(predictor) for lens in self.lenses] or [predictor] * len(self.base)

    def _whole(self, parts: Iterable[Denoiser]) -> Denoiser:
        return InParts(self.decomposition, tuple(parts)) if self.lenses else factorized(self.decomposition, list(parts))
