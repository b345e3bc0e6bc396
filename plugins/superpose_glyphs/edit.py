"""The embedded model that edits, as recipes name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import Fit, Problem, fit_option, option, read_image, resizer_option
from superpose_glyphs.model import Tabled

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import ChannelGroup, NoisePredictor


@attrs.frozen(kw_only=True)
class GlyphsEdit(Tabled):
    """Edits ``image`` as an instruction says, 32x32 RGB: a small InstructPix2Pix that comes with the package.

    Instructions: "make it red", "make it bold", "make it italic", "put it on yellow", "" for none. Guide it with
    ``dual``: one scale follows the instruction, the other keeps the image. It predicts v on the cosine schedule.
    """

    kind = "glyphs-edit"
    papers = ("arXiv 2211.09800", "arXiv 2006.11239", "arXiv 2202.00512")
    embedded = "glyphs-edit"
    image: Path | None = option(None, doc="what it edits; absent: it sees none, as now and then in training")
    fit: str = fit_option()
    resizer: str = resizer_option()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 32, 32)."""
        return 3, self.side, self.side

    @property
    def concat_conditioning(self) -> tuple[ChannelGroup, ...]:
        """The image beside the noisy one."""
        from superpose import ChannelGroup  # needs torch; this module does not

        return (ChannelGroup(3),)

    def problems(self) -> Iterator[Problem]:
        """An image that can't be read, or has another size; and files that are not this network's."""
        yield from tuple(Problem.caught("image", self._seen)) or super().problems()

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights, and the image."""
        from superpose import NetworkPredictor
        from superpose_glyphs.editor import editing, laid
        from superpose_networks import class_labels

        network = self.metadata[1].load(device, dtype)
        return NetworkPredictor(
            self,
            network,
            class_labels(self.label),
            device,
            dtype,
            parameterization=self.parameterization,
            forward=editing(network),
            lay_conditioning=laid(self._seen(device), self.shape, device),
            averaged=(network,),
        )

    def _seen(self, device: str = "cpu") -> Tensor | None:
        fit = Fit(self.fit, self.resizer)
        return None if self.image is None else read_image(self.image, self.shape, device, fit)
