"""The public templates of the original program, by the names of its ``templates.py`` and ``templates_latent.py``.

They say what a file does not show, and hold a file to what its name promises. All have one head, linear betas, T = 1000
and codes of 512; all latent processes a constant beta of 0.008, and networks 2048 wide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from superpose import RecipeError

if TYPE_CHECKING:
    from superpose_networks.diffae import Layout


class Template(NamedTuple):
    """One public model; its encoder goes one level deeper than the decoder, as wide as the decoder's last."""

    size: int
    widths: tuple[int, ...]
    layers: int = 10

    def check(self, layout: Layout, latent: bool, source: str) -> None:
        """Raise `RecipeError` where a file is not of this template."""
        layers = layout.latent.layers if layout.latent else 0
        for what, found, wanted in (
            ("widths of the decoder", layout.decoder.widths, self.widths),
            ("widths of the encoder", layout.encoder.widths, (*self.widths, self.widths[-1])),
            ("layers of the latent network", layers, self.layers if latent else layers),
        ):
            if found != wanted:
                raise RecipeError(f"{source} is not of this template: its {what} are {found}, not {wanted}")


_64 = Template(64, (64, 128, 256, 512))
_128 = Template(128, (128, 128, 256, 384, 512))

#: By name, without "_latent".
TEMPLATES = {
    "celeba64d2c_autoenc": _64,
    "ffhq64_autoenc": _64,
    "ffhq128_autoenc_72M": _128,
    "ffhq128_autoenc_130M": _128,
    "ffhq128_autoenc": _128,
    "horse128_autoenc": _128._replace(layers=20),
    "bedroom128_autoenc": _128._replace(layers=20),
    "ffhq256_autoenc": Template(256, (128, 128, 256, 256, 512, 512)),
}
LATENT = "_latent"
NAMES = tuple(name + end for name in TEMPLATES for end in ("", LATENT))

#: The table of betas of every public latent process.
BETAS = "const0.008"
