"""Pictures of another size than the model's: refused, or fitted as the recipe says, by a resizer that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from superpose.kinds.kind import Limits, option

if TYPE_CHECKING:
    from PIL import Image as Pillow

EXACT = "exact"
#: Ways to fit a picture, and resizers of Pillow, each of which averages over what becomes one pixel.
FITS = (EXACT, "cover", "contain", "stretch")
RESIZERS = ("lanczos", "bicubic", "bilinear", "box", "nearest")
WHITE = 255


@attrs.frozen
class Fit:
    """How a picture of another size becomes one of the model's.

    Attributes:
        how: ``exact``: it does not, and is refused; ``cover``: scaled, and cut on both sides where it is too long;
            ``contain``: scaled, with a white border where it is too short; ``stretch``: scaled, each side by itself.
        resizer: What scales it: lanczos, bicubic, bilinear, box or nearest.
    """

    how: str = attrs.field(default=EXACT, validator=Limits(choices=FITS))
    resizer: str = attrs.field(default="lanczos", validator=Limits(choices=RESIZERS))

    @property
    def cure(self) -> str:
        """Advice for a picture that is refused."""
        return 'or write fit = "cover" (cut), "contain" (with a border) or "stretch" beside it'

    def fitted(self, image: Pillow.Image, size: tuple[int, int], resizer: str | None = None) -> Pillow.Image:
        """The picture at ``size`` (H, W); one that has it already is the very same.

        Arguments:
            image: Any mode whose values can be averaged.
            size: (H, W).
            resizer: Another than its own, as masks have.
        """
        from PIL import Image  # recipes are read without Pillow

        height, width = size
        if image.size == (width, height):
            return image
        scale = Image.Resampling[(resizer or self.resizer).upper()]
        wide, tall = width / image.width, height / image.height
        if self.how == "contain":
            inner = (max(1, round(image.width * min(wide, tall))), max(1, round(image.height * min(wide, tall))))
            border = Image.new(image.mode, (width, height), WHITE if len(image.getbands()) == 1 else (WHITE,) * 3)
            border.paste(image.resize(inner, scale), ((width - inner[0]) // 2, (height - inner[1]) // 2))
            return border
        if self.how == "cover":
            larger = max(wide, tall)
            across, down = (max(0, image.width - width / larger) / 2, max(0, image.height - height / larger) / 2)
            return image.resize((width, height), scale, box=(across, down, image.width - across, image.height - down))
        return image.resize((width, height), scale)


def fit_option() -> Any:
    """The option ``fit`` of a kind that reads pictures."""
    doc = "where the picture has another size: exact refuses it; cover scales and cuts it; contain scales it into a "
    doc += "white border, which a mask paints anew; stretch scales each side by itself"
    return option(EXACT, doc=doc, choices=FITS)


def resizer_option() -> Any:
    """The option ``resizer`` of a kind that reads pictures."""
    doc = "what scales the picture then; a mask is averaged (box), or keeps nearest values where greys mean nothing"
    return option("lanczos", doc=doc, choices=RESIZERS)
