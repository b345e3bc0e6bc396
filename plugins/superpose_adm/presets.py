"""The public files of guided-diffusion (Dhariwal & Nichol 2021, arXiv 2105.05233): what is not in the files."""

from __future__ import annotations

from pathlib import Path

import attrs

from superpose import RecipeError
from superpose_adm.layout import Heads, Order


@attrs.frozen(kw_only=True)
class Preset:
    """Settings that a public file does not tell.

    Attributes:
        file: Its published name, without the ending.
        size: Height and width of its images.
        widths: Channels of its levels, by which another file is told.
        classes: Number of its classes; None where it knows none. A classifier's are what it writes.
        betas: Name of its noise schedule.
        heads: How its attentions are cut.
        blocks: Residual blocks of a level of a classifier; a model's are seen in its file.
    """

    file: str
    size: int
    widths: tuple[int, ...]
    classes: int | None = 1000
    betas: str = "linear"
    heads: Heads = attrs.field(factory=lambda: Heads(width=64))
    blocks: int = 2

    def misfit(self, widths: tuple[int, ...], classes: int | None) -> str | None:
        """Why a network of such levels and classes is not that of the file; None where it may be."""
        for what, found, wanted in (("levels of", widths, self.widths), ("classes", classes, self.classes)):
            if found != wanted:
                return f"its {what} {found}, not {wanted}: leave preset out, and write what it would say"
        return None


def question(path: Path, what: str, answer: str) -> RecipeError:
    """Question where neither file nor recipe tells."""
    return RecipeError(f"{path.name} does not tell {what}: give {answer}, or a preset for a public file")


def _widths(channels: int, *multiples: float) -> tuple[int, ...]:
    return tuple(int(channels * multiple) for multiple in multiples)


def _heads(count: int, order: Order = "legacy") -> Heads:
    return Heads(count=count, order=order)


#: Channels of each level as multiples of the first number, by the size of images (upscalers to 512 have those of 256).
_64, _128, _256, _512 = (1, 2, 3, 4), (1, 1, 2, 3, 4), (1, 1, 2, 2, 4, 4), (0.5, 1, 1, 2, 2, 4, 4)

#: By the name that a recipe gives.
PRESETS = {
    "adm-64": Preset(
        file="64x64_diffusion", size=64, widths=_widths(192, *_64), betas="cosine", heads=Heads(width=64, order="new")
    ),
    "adm-128": Preset(file="128x128_diffusion", size=128, widths=_widths(256, *_128), heads=_heads(4)),
    "adm-256": Preset(file="256x256_diffusion", size=256, widths=_widths(256, *_256)),
    "adm-256-uncond": Preset(file="256x256_diffusion_uncond", size=256, widths=_widths(256, *_256), classes=None),
    "adm-512": Preset(file="512x512_diffusion", size=512, widths=_widths(256, *_512)),
}
UPSCALERS = {
    "adm-64-256": Preset(file="64_256_upsampler", size=256, widths=_widths(192, *_256), heads=_heads(4)),
    "adm-128-512": Preset(file="128_512_upsampler", size=512, widths=_widths(192, *_256)),
}
#: By the name of the model that each was trained to steer; `adm-256` steers `adm-256-uncond` as well.
CLASSIFIERS = {
    "adm-64": Preset(file="64x64_classifier", size=64, widths=_widths(128, *_64), betas="cosine", blocks=4),
    "adm-128": Preset(file="128x128_classifier", size=128, widths=_widths(128, *_128)),
    "adm-256": Preset(file="256x256_classifier", size=256, widths=_widths(128, *_256)),
    "adm-512": Preset(file="512x512_classifier", size=512, widths=_widths(128, *_512)),
}
