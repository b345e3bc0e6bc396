"""The public templates of the original program, by the names of its ``templates.py`` and ``templates_latent.py``.

They say what a file does not show, and hold a file to what its name promises. All have one head, linear betas, T = 1000
and codes of 512; all latent processes a constant beta of 0.008, and networks 2048 wide.
"""

from __future__ import annotations

import attrs

from superpose import RecipeError
from superpose_diffae.layout import Layout


@attrs.frozen
class Template:
    """One public model.

    Attributes:
        size: Height and width of its images.
        channels: Channels of the first level.
        factors: Channels of each level of the decoder, in these.
        deeper: The same for the levels that the encoder has beyond the decoder's.
        layers: Linear layers of its latent network.
    """

    size: int
    channels: int
    factors: tuple[int, ...]
    deeper: tuple[int, ...]
    layers: int

    def check(self, layout: Layout, latent: bool, source: str) -> None:
        """Raise `RecipeError` where a file is not of this template."""
        widths = tuple(self.channels * factor for factor in self.factors)
        deeper = widths + tuple(self.channels * factor for factor in self.deeper)
        layers = layout.latent.layers if layout.latent else 0
        pairs = [
            ("widths of the decoder", layout.decoder.widths, widths),
            ("widths of the encoder", layout.encoder.widths, deeper),
        ]
        if latent:
            pairs.append(("layers of the latent network", layers, self.layers))
        for what, found, wanted in pairs:
            if found != wanted:
                raise RecipeError(f"{source} is not of this template: its {what} are {found}, not {wanted}")


_64 = Template(64, 64, (1, 2, 4, 8), (8,), 10)
_128 = Template(128, 128, (1, 1, 2, 3, 4), (4,), 10)
_256 = Template(256, 128, (1, 1, 2, 2, 4, 4), (4,), 10)
_DEEP = attrs.evolve(_128, layers=20)

#: By name, without "_latent".
TEMPLATES = {
    "celeba64d2c_autoenc": _64,
    "ffhq64_autoenc": _64,
    "ffhq128_autoenc_72M": _128,
    "ffhq128_autoenc_130M": _128,
    "ffhq128_autoenc": _128,
    "horse128_autoenc": _DEEP,
    "bedroom128_autoenc": _DEEP,
    "ffhq256_autoenc": _256,
}
LATENT = "_latent"
NAMES = tuple(name + end for name in TEMPLATES for end in ("", LATENT))

#: The table of betas of every public latent process.
BETAS = "const0.008"
