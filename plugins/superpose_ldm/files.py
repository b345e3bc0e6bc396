"""The image that a network sees beside its latents, and the mask of what it paints anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import RecipeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Fit
    from superpose_ldm.checkpoint import Sees
    from superpose_ldm.spatial_rescaler import SpatialRescaler


@attrs.frozen
class Files:
    """Pictures that a recipe gives a network to see."""

    image: Path | None = None
    mask: Path | None = None
    fit: Fit | None = None

    def check(
        self,
        sees: Sees,
        where: Path,
        shape: tuple[int, int, int],
        small: tuple[int, int],
        rescaler: SpatialRescaler | None = None,
    ) -> None:
        """Refuse files that are missing, of another size, or that nothing looks at.

        Arguments:
            sees: What the network sees.
            where: Its file, for the message.
            shape: (3, H, W) of its images.
            small: (h, w) of its latents.
            rescaler: Of the semantic map that it sees.
        """
        needs = {"image": "image" in sees or rescaler is not None, "mask": "mask" in sees}
        for key, needed in needs.items():
            given = getattr(self, key) is not None
            if given and not needed:
                raise RecipeError(
                    f"{key}: {where} looks at no {key}: leave it out, or see the constraints inpaint and sdedit"
                )
            if needed and not given and sees != "small image":  # which may be that of a stage before
                numbers = ", with the number of a class at each pixel" if rescaler and rescaler.by_class else ""
                raise RecipeError(f"{where} looks at {sees}: write {key} = a file of {shape[1]}x{shape[2]}{numbers}")
        if rescaler is not None:
            rescaler.check(shape, small)
            self.read_map(rescaler, shape[1:], "cpu")
        elif self.image is not None:
            self.read_image((3, *small) if sees == "small image" else shape, "cpu")
        if self.mask is not None:
            self.read_mask(shape[1:], "cpu")

    def read_image(self, shape: tuple[int, int, int], device: torch.device | str) -> Tensor:
        """The image, shape (3, H, W), in [-1, 1]."""
        from superpose import read_image

        if self.image is None:
            raise RecipeError("this network enlarges an image: write image = a file, or make it a further [[stage]]")
        return read_image(self.image, shape, device, self.fit)

    def read_map(self, rescaler: SpatialRescaler, size: tuple[int, int], device: torch.device | str) -> Tensor:
        """The image as the semantic map that ``rescaler`` takes."""
        if self.image is None:
            raise AssertionError("check wants it")
        return rescaler.read(self.image, size, device)

    def read_mask(self, size: tuple[int, int], device: torch.device | str) -> Tensor:
        """The mask, shape (1, H, W): 1 where the image is painted anew."""
        from superpose import read_mask

        if self.mask is None:
            raise RecipeError("this network paints a part of an image anew: write mask = a file")
        return read_mask(self.mask, size, device, fit=self.fit, of=self.image)
