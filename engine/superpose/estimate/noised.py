r"""Denoisers asked about clean images that they noise themselves, as optimisers ask them.

Of an `Arrangement` :math:`V_i` the images that it shows are noised, each by itself:

.. math:: y_i = V_i(x), \qquad \hat x = x - \sum_i w_i\, J_i^\top \big(y_i - d_i(\alpha_t y_i + \sigma_t \epsilon)\big)

with the Jacobian :math:`J_i` of the arrangement alone: none goes through a network. For views that are linear and
orthogonal that is :math:`\sum_i w_i V_i^\top d_i`, their lawful mix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose.errors import LawError, RecipeError, RunError
from superpose.estimate.arrangement import Arrangement
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.estimation import begun, together
from superpose.estimate.parts import all_parts
from superpose.estimate.prediction import Estimate, with_gradient

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.clip import Clip
    from superpose.estimate.query import Estimation
    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View
    from superpose.levels.noise_level import NoiseLevel


@attrs.frozen(eq=False)
class Arranged(Denoiser):
    """Views of clean images, arrangements among them, each with the denoiser that judges what it shows.

    Attributes:
        views: The views.
        denoisers: Theirs.
        weights: Their shares, which sum to 1.
        turns: Whether one has its turn at each step, instead of all.
        clip: How clean images are kept in range: those that denoisers see, and those that are optimised.
    """

    views: Sequence[View]
    denoisers: Sequence[Denoiser]
    weights: Sequence[float]
    turns: bool = False
    clip: Clip | None = None

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Refuse: a noisy state can't be arranged.

        Raises:
            LawError: Always.
        """
        del x, level
        raise LawError(
            "an arrangement is no linear map, and noise is not noise when it is arranged: use a scheduler that moves "
            "clean images: one that optimises"
        )
        yield []

    def check(self, shape: Shape) -> None:
        """Check what is asked, on images of the size that it is shown."""
        from superpose.estimate.shares import shown_shape

        for view, denoiser in zip(self.views, self.denoisers, strict=True):
            denoiser.check(shown_shape(view, shape))

    def of_clean(self, image: Tensor, noise: Tensor, level: NoiseLevel) -> Estimation:
        """The clean image that all would see there, as far as the slope of their arrangements leads.

        Arguments:
            image: Clean images, shape (N, C, H, W).
            noise: Unit normal, shaped as ``image``.
            level: What they are noised to.
        """
        import torch

        chosen = [*self._asked(level)]
        with torch.enable_grad():
            leaf = image.detach().requires_grad_()
            seen = [self._seen(self.views[i], leaf, noise) for i, _ in chosen]
        shown = [each.detach() for each in seen]
        states = [each * level.alpha + _cut(noise, each) * level.sigma for each in shown]
        found = yield from together(
            begun(self.denoisers[i], state, level) for (i, _), state in zip(chosen, states, strict=True)
        )
        cleans = [self._kept(with_gradient(estimate, level).clean) for estimate in found]
        apart = [(y - clean) * weight for y, clean, (_, weight) in zip(shown, cleans, chosen, strict=True)]
        [slope] = torch.autograd.grad(seen, leaf, apart)
        return Estimate(self._kept(image - slope))

    def _asked(self, level: NoiseLevel) -> Iterator[tuple[int, float]]:
        """The places of those that are asked, with their weights."""
        if not self.turns:
            yield from enumerate(self.weights)
            return
        if level.step is None:
            raise RunError("views take turns by the number of the step, and this level does not say it")
        yield level.step.index % len(self.views), 1.0

    def _seen(self, view: View, image: Tensor, noise: Tensor) -> Tensor:
        return view.shaken(image, noise) if isinstance(view, Arrangement) else view.apply(image)

    def _kept(self, clean: Tensor) -> Tensor:
        return clean if self.clip is None else self.clip.apply(clean)


@attrs.frozen(eq=False)
class Noised(Denoiser):
    """A denoiser that is asked about clean images, with the noise that they are to be given after them.

    Attributes:
        inner: The denoiser.
        channels: Channels of one clean image.
        images: Clean images that are asked about at once, which are given the same noise.
    """

    inner: Denoiser
    channels: int
    images: int = 1

    def __attrs_post_init__(self) -> None:
        """Refuse arrangements that something else looks through.

        Raises:
            RecipeError: If there is one.
        """
        inner, *others = all_parts(self.inner)
        if any(isinstance(part, Arranged) for part in others) or (isinstance(inner, Arranged) and self.images > 1):
            raise RecipeError(
                "an arrangement is looked at as it is: remove the constraints that look at noisy states and the views "
                "around it, and use a scheduler that optimises"
            )

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Noise the images and ask; what lies beside them is beside each."""
        import torch

        clean, noise, laid = _split(x, self.channels * self.images, self.channels)
        if isinstance(self.inner, Arranged):
            return (yield from self.inner.of_clean(clean, noise, level))
        added = noise * level.sigma
        states = torch.cat([added.add(each, alpha=level.alpha) for each in clean.split(self.channels, 1)], 1)
        return (yield from self.inner.estimate(torch.cat((states, laid), 1) if laid.shape[1] else states, level))


def _split(x: Tensor, *widths: int) -> tuple[Tensor, Tensor, Tensor]:
    first, second = widths
    return x[:, :first], x[:, first : first + second], x[:, first + second :]


def _cut(noise: Tensor, image: Tensor) -> Tensor:
    """Noise of the size of an image, which is no larger."""
    return noise[:, : image.shape[1], : image.shape[2], : image.shape[3]]


def clipped(denoiser: Denoiser, clip: Clip) -> Denoiser:
    """A denoiser whose clean images are kept in range: what is arranged as well as what is seen of it."""
    from superpose.estimate.clipped import Clipped

    return attrs.evolve(denoiser, clip=clip) if isinstance(denoiser, Arranged) else Clipped(denoiser, clip)
