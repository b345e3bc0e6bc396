"""The embedded diffusion autoencoder as recipes name it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import TableSchedule, option
from superpose_diffae import BETAS, CodedModel, betas
from superpose_glyphs.model import trained

if TYPE_CHECKING:
    from superpose import NoisePredictor, Schedule
    from superpose_glyphs.coder import Coded


@attrs.frozen(kw_only=True)
class GlyphsDiffae(CodedModel["Coded"]):
    """Letters and digits as codes and back, 32x32 RGB: a diffusion autoencoder that comes with the package.

    Prompts are names of codes, which ``[[model.code]]`` tables give, as for ``diffae``: that of an image, one between
    two, one moved along "bold", "italic" or another attribute; "" is a code of the sample's own, drawn.
    """

    kind = "glyphs-diffae"
    papers = ("arXiv 2111.15640", "arXiv 2202.00512")
    path: Path | None = option(None, doc="a folder of weights that superpose_glyphs.train wrote; absent: our own")

    @property
    def folder(self) -> Path:
        """Folder of the weights; `RecipeError` if they are not there."""
        return trained(self.path, self.kind, "diffae.safetensors")

    def read(self) -> Coded:
        """Content of the folder, without the weights."""
        from superpose_glyphs.coder import Coded

        return Coded(self.folder)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 32, 32)."""
        return 3, 32, 32

    @property
    def schedule(self) -> Schedule:
        """Linear betas, 1000 steps."""
        return TableSchedule.named("linear")

    @property
    def draws(self) -> bool:
        """True where its weights have a network that draws codes."""
        return self.metadata.codes is not None

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the decoder in ``dtype``; the other networks in float32."""
        from superpose_glyphs.coder import LAYOUT

        networks = self.metadata.load(betas(BETAS, 1000), device, dtype)
        return self.predictor(networks, LAYOUT.code, device, dtype)

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of weights."""
        return {file.stem: file for file in sorted(self.folder.glob("*.safetensors"))}
