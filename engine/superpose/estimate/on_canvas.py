"""A network whose images are parts of a larger canvas: states and pictures have the canvas's size.

Where edges of a canvas are joined, what reads a place with its neighbours has to see those beyond the edge: a decoder
of latents pads with zeros there, and leaves a seam. So states are decoded with a margin of the other side at each
joined edge, which is cut off again (as in the panoramas of diffusers, with 8 places); pictures are encoded likewise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import attrs

from superpose.errors import LawError, RecipeError
from superpose.estimate.predictor import NoisePredictor
from superpose.estimate.tensors import picture_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from superpose.estimate.predictor import Condition, Conditioning
    from superpose.estimate.tensors import Map
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import NoiseLaw, StepNoise

#: Places of the picture before that an enlargement reads beyond an edge, at most.
REACH = 4


@attrs.define(eq=False, slots=False)
class OnCanvas(NoisePredictor):
    """The owner of states of another size than a network's, of which it is shown parts; it is asked nothing itself.

    Attributes:
        network: The network.
        shape: (C, H, W) of one state.
        count: Canvases that lie one below the other in it; each is decoded for itself.
        joined: Axes along which each has no edge: -2 where its top goes on at the bottom, -1 likewise for its sides.
        margin: Places of the other side that are decoded beside a joined edge.
    """

    network: NoisePredictor
    shape: tuple[int, int, int]
    count: int = 1
    joined: tuple[int, ...] = ()
    margin: int = 8

    def __attrs_post_init__(self) -> None:
        """Say of states and noise what the network says."""
        inner = self.network
        self.schedule, self.parameterization, self.process = inner.schedule, inner.parameterization, inner.process
        self.learned_variance, self.clip, self.device = inner.learned_variance, inner.clip, inner.device
        self.differentiable, self.sites = inner.differentiable, inner.sites
        self.concat_conditioning = inner.concat_conditioning

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return picture_shape(self.shape, self.network.shape, self.network.image_shape)

    def encode(self, images: Tensor) -> Tensor:
        """The states of pictures, canvas by canvas."""
        if self.shape == self.image_shape:
            return self._each(images, self.network.encode, 0)
        return self._each(images, self.network.encode, self.margin * (self.image_shape[-1] // self.shape[-1]))

    def decode(self, states: Tensor) -> Tensor:
        """The pictures of states, canvas by canvas."""
        return self._each(states, self.network.decode, 0 if self.shape == self.image_shape else self.margin)

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """Channels beside the samples, canvas by canvas, as a network lays them beside images of that size.

        What it gives each sample besides, such as a code of its own, is the same wherever it looks.

        Raises:
            RecipeError: If the network lays what has its own size, whatever that of the noise is.
        """
        import torch

        from superpose.estimate.predictor import Conditioning

        if low is None:
            laid = self.network.conditioning(None, noise)
            return None if laid is None else Conditioning(per_sample=laid.per_sample)
        lows = low.chunk(self.count, -2)
        found = [self._laid(one, self._noise(noise, i, one)) for i, one in enumerate(lows)]
        if found[0] is None:
            return None
        channels = [one.channels for one in found if one is not None and one.channels is not None]
        return Conditioning(torch.cat(channels, -2) if channels else None, found[0].per_sample)

    def condition(self, prompt: str) -> Condition:
        """The network's own condition."""
        return self.network.condition(prompt)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> NoReturn:
        """Refuse: the network sees images of its own size.

        Raises:
            LawError: Always.
        """
        del level, conditioning
        raise LawError(misshapen(self.network.shape, x.shape[1:]))

    def _laid(self, low: Tensor, noise: StepNoise) -> Conditioning | None:
        """What lies beside one canvas, over the picture before."""
        from superpose.estimate.predictor import Conditioning

        margins = self._margins(low, REACH)
        laid = self.network.conditioning(_with_margins(low, margins), noise)
        if laid is None or laid.channels is None:
            return laid
        height, width = (side + 2 * margins.get(axis, 0) for axis, side in ((-2, low.shape[-2]), (-1, low.shape[-1])))
        one = self.shape[-2] // self.count, self.shape[-1]
        wanted = height * one[0] // low.shape[-2], width * one[1] // low.shape[-1]
        if tuple(laid.channels.shape[-2:]) != wanted:
            raise RecipeError(
                "the network lays pictures of its own size beside a canvas of another one: leave out [canvas], or take "
                "a network that lays them as large as the noise that it is given"
            )
        return Conditioning(_without_margins(laid.channels, low, margins), laid.per_sample)

    def _noise(self, noise: StepNoise, number: int, low: Tensor) -> StepNoise:
        """The noise of one canvas, with the margins that what lies beside it has."""
        factor = self.shape[-1] // low.shape[-1]
        margins = {axis: factor * margin for axis, margin in self._margins(low, REACH).items()}

        def own(purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
            return _with_margins(noise(purpose, law).chunk(self.count, -2)[number], margins)

        return own

    def _each(self, images: Tensor, change: Map, margin: int) -> Tensor:
        import torch

        changed = []
        for one in images.chunk(self.count, -2) if self.count > 1 else (images,):
            margins = self._margins(one, margin)
            changed.append(_without_margins(change(_with_margins(one, margins).contiguous()), one, margins))
        return changed[0] if self.count == 1 else torch.cat(changed, -2)

    def _margins(self, image: Tensor, margin: int) -> dict[int, int]:
        return {axis: min(margin, image.shape[axis]) for axis in self.joined if margin}


def _with_margins(image: Tensor, margins: Mapping[int, int]) -> Tensor:
    """An image with so many places of the other side beside its edges, along each axis."""
    import torch

    for axis, margin in margins.items():
        size = image.shape[axis]
        image = torch.cat((image.narrow(axis, size - margin, margin), image, image.narrow(axis, 0, margin)), axis)
    return image


def _without_margins(made: Tensor, image: Tensor, margins: Mapping[int, int]) -> Tensor:
    """What was made of an image with margins, without what was made of those; any whole number of times as large."""
    for axis, margin in margins.items():
        size = image.shape[axis]
        scale = made.shape[axis] / (size + 2 * margin)
        made = made.narrow(axis, round(margin * scale), round(size * scale))
    return made.contiguous()


def misshapen(own: Sequence[int], shown: Sequence[int]) -> str:
    """Sentence about a network that is shown images of another size than its own, with the cure."""
    sees, gets = (f"{height}x{width}" for height, width in (own[-2:], shown[-2:]))
    return f"the network sees images of {sees}, and is shown {gets}: show it parts of its size, by a view that does"
