"""CompVis' ``SpatialRescaler``: a semantic map, made as small as the latents and laid beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose import ChannelGroup, RecipeError
from superpose_networks import LazyNetwork, Part, WeightFile

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@attrs.frozen(kw_only=True)
class SpatialRescaler:
    """Semantic map that a network sees, made of a file.

    Attributes:
        where: The file that says so, for messages.
        stages: Times that the map is rescaled.
        method: Of interpolation, as torch names it.
        multiplier: Of height and width, each time.
        in_channels: Of the map: as many as there are classes, or as a picture has.
        by_class: Whether the file has the numbers of classes, and the map a channel for each: 1 where it is that class.
            The file is a picture in [-1, 1] otherwise, whose colours are labels.
        mapper: The 1x1 convolution that mixes the channels in the end; None where there is none.
        channels: In the end.
    """

    where: Path
    stages: int
    method: str
    multiplier: float
    in_channels: int
    by_class: bool
    mapper: LazyNetwork[nn.Conv2d] | None
    channels: int

    @classmethod
    def of(
        cls, config: Path, file: WeightFile, prefix: str, about: Mapping[str, object], by_class: bool
    ) -> SpatialRescaler:
        """As a YAML file describes it.

        Arguments:
            config: The file.
            file: The checkpoint.
            prefix: Of the mapper's weights in it.
            about: The module's parameters.
            by_class: Whether the condition is a segmentation, as the model's ``cond_stage_key`` says.

        Raises:
            RecipeError: One line that names the key, its value and what is supported.
        """
        from torch import nn

        c = _settings(f"{config}: cond_stage_config", about)
        inside, out, bias = c["in_channels"], c["out_channels"], c["bias"]
        return cls(
            where=config,
            stages=c["n_stages"],
            method=c["method"],
            multiplier=c["multiplier"],
            in_channels=inside,
            by_class=by_class or inside not in (1, 3),  # no picture has any other number
            mapper=None
            if out is None
            else LazyNetwork(lambda: nn.Conv2d(inside, out, 1, bias=bias), file, part=Part(prefix=prefix)),
            channels=out or inside,
        )

    @property
    def group(self) -> ChannelGroup:
        """Action of views on it: it goes where its places go, and labels never change, be they numbers or colours."""
        return ChannelGroup(self.channels, "mask")

    def check(self, image: tuple[int, int, int], latents: tuple[int, int]) -> None:
        """Refuse sizes at which the map does not become as small as the latents.

        Raises:
            RecipeError: If it does not.
        """
        height, width = image[1:]
        for _ in range(self.stages):
            height, width = int(height * self.multiplier), int(width * self.multiplier)
        if (height, width) != latents:
            raise RecipeError(
                f"{self.where}: cond_stage_config makes {height}x{width} of a map of {image[1]}x{image[2]}, and the "
                f"latents beside it are {latents[0]}x{latents[1]}: n_stages and multiplier are not those of this model"
            )

    def read(self, path: Path, size: tuple[int, int], device: torch.device | str) -> Tensor:
        """A file as the map, shape (C, H, W): numbers of classes (H, W) while it is by class.

        Raises:
            RecipeError: As `read_class_map` or `read_image`.
        """
        from superpose import read_class_map, read_image

        if self.by_class:
            return read_class_map(path, size, self.in_channels, device)
        return read_image(path, (self.in_channels, *size), device)

    def rescaled(self, mapper: nn.Module | None) -> Callable[[Tensor], Tensor]:
        """Maker of channels (1, C', h, w) beside the latents of what `read` gives, in float32, by the loaded mapper."""
        import torch
        from torch.nn.functional import interpolate, one_hot

        @torch.no_grad()
        def rescaled(read: Tensor) -> Tensor:
            x = (one_hot(read, self.in_channels).permute(2, 0, 1) if self.by_class else read)[None].float()
            for _ in range(self.stages):
                x = interpolate(x, scale_factor=self.multiplier, mode=self.method)
            small: Tensor = x if mapper is None else mapper(x)
            return small

        return rescaled


def _settings(where: str, about: Mapping[str, object]) -> dict[str, Any]:
    """Parameters of the module, with its own defaults; all of them supported."""
    from superpose_networks.latent import settings

    understood = {
        "n_stages": 1, "method": "bilinear", "multiplier": 0.5, "in_channels": 3, "out_channels": None, "bias": False,
    }  # fmt: skip
    c = settings(where, about, understood, {})
    settings(where, {"method": c["method"]}, {}, {"method": ("nearest", "bilinear", "bicubic", "area")})
    inside, out = c["in_channels"], c["out_channels"]
    if inside < 1 or c["multiplier"] <= 0 or not (out is None or (isinstance(out, int) and out > 0)):
        raise RecipeError(
            f"{where}: in_channels = {inside}, out_channels = {out} and multiplier = {c['multiplier']} "
            "are not supported together: channels are whole numbers from 1, and a multiplier is above 0"
        )
    return c
