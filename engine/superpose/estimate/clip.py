r"""Clipping: keeping the clean image in the range of images.

It is not linear, so it is applied once, to the combined clean image: on the branches of a guidance or the parts of a
decomposition it would break the law that they add up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose.errors import RecipeError
from superpose.estimate.process import GAUSSIAN
from superpose.kinds.kind import Kind, option
from superpose.media.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class Clip(Kind, ABC):
    """A way to keep clean images in range."""

    role: ClassVar[str] = "clip"
    processes: ClassVar[frozenset[str] | None] = frozenset({GAUSSIAN})

    @abstractmethod
    def apply(self, clean: Tensor) -> Tensor:
        """The clean images ``clean``, shape (N, C, H, W), in range; each by itself."""


@attrs.frozen(kw_only=True)
class StaticClip(Clip):
    """Cuts every value off at a fixed range (DDPM, arXiv 2006.11239)."""

    kind = "static"
    range: float = option(1.0, doc="largest absolute value that is kept", gt=0)

    def apply(self, clean: Tensor) -> Tensor:
        """Clamp to [-range, range]."""
        return clean.clamp(-self.range, self.range)


@attrs.frozen(kw_only=True)
class DynamicClip(Clip):
    """Dynamic thresholding: each image is cut off at a quantile of its own values and scaled back to [-1, 1].

    Keeps strong guidance from saturating pixel models (Imagen, arXiv 2205.11487; DeepFloyd IF uses ratio 0.95 and
    maximum 1.5).
    """

    kind = "dynamic"
    papers = ("arXiv 2205.11487",)
    ratio: float = option(0.995, doc="quantile of the absolute values at which an image is cut off", gt=0, le=1)
    maximum: float = option(1.0, doc="largest value an image may be cut off at; at 1 nothing is scaled", ge=1)

    def apply(self, clean: Tensor) -> Tensor:
        """Clamp image i to [-s_i, s_i] and divide by s_i, where s_i is its quantile, between 1 and ``maximum``."""
        import torch

        # One image at a time: torch.quantile refuses more than 2**24 values at once.
        limits = torch.stack([image.abs().flatten().quantile(self.ratio) for image in clean])
        limit = limits.clamp(1.0, self.maximum).view(-1, 1, 1, 1)
        return clean.clamp(-limit, limit) / limit


@attrs.frozen(kw_only=True)
class NoClip(Clip):
    """Leaves the clean image as it is, as latents need."""

    kind = "none"
    processes = None

    def apply(self, clean: Tensor) -> Tensor:
        """Return ``clean`` itself."""
        return clean


#: Schedulers of diffusers that clip where their file does not say; every other clips only where it does.
_CLIP_UNASKED = ("DDPM", "DDPMParallel", "DDIM", "DDIMParallel", "DDIMInverse", "RePaint", "UnCLIP")


def published_clip(config: Mapping[str, object]) -> Clip | None:
    """Clip of a ``scheduler_config.json`` of diffusers: as DDPM does where that names no class.

    Raises:
        RecipeError: A value is of the wrong type, or out of range.
    """
    table = config if isinstance(config, Table) else Table("the scheduler's configuration", dict(config))
    own = table.text("_class_name", "DDPMScheduler").removesuffix("Scheduler")
    try:
        if table.flag("thresholding", default=False):
            ratio = table.number("dynamic_thresholding_ratio", 0.995)
            return DynamicClip(ratio=ratio, maximum=table.number("sample_max_value", 1.0))
        clips = table.flag("clip_sample", default=own in _CLIP_UNASKED)
        return StaticClip(range=table.number("clip_sample_range", 1.0)) if clips else None
    except ValueError as error:
        raise RecipeError(f"{table.where}: {error}") from error
