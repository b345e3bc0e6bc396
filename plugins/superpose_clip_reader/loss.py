r"""CLIP as a loss: how far an image is from a text, :math:`1 - \langle f(x_0), g(y) \rangle` (arXiv 2103.00020)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import BoundLoss, Loss, Problem, option, refuse
from superpose_clip_reader.classifier import ClipReader

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import ClassifierPredictor, Shape


@attrs.frozen(kw_only=True)
class ClipLoss(Loss):
    """Distance of an image from a text, as CLIP sees both: 1 less the cosine, from 0 to 2.

    Whatever the model knows of texts, with `tfg` it paints towards this one. Images of another size than CLIP reads are
    brought to it.
    """

    kind = "clip"
    papers = ("arXiv 2103.00020",)
    path: Path = option(doc="folder of a CLIPModel of transformers, with its tokenizer")
    text: str = option(doc="what the image should show")

    @property
    def reader(self) -> ClipReader:
        """CLIP, told of the text."""
        return ClipReader(path=self.path, texts=(self.text,))

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A folder that is no CLIP, and images that can't be brought to its size."""
        if found := [*Problem.caught("path", lambda: self.reader.shape)]:
            yield from found
        elif shape[0] != 3 or shape[1] != shape[2]:
            what = f"CLIP reads squares of 3 colours, which images of {tuple(shape)} are not"
            yield Problem("path", what, "use a model of square images in colour")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundLoss:
        """The loss; the weights are read when it is first asked."""
        refuse(self.problems(shape))
        return FromText(self.reader, str(device))


@attrs.define(eq=False, slots=False)
class FromText(BoundLoss):
    """The loss, which reads CLIP when it is first asked.

    Attributes:
        reader: CLIP, told of one text.
        device: Where images are.
    """

    reader: ClipReader
    device: str = "cpu"

    @cached_property
    def network(self) -> ClassifierPredictor:
        """CLIP with its weights."""
        return self.reader.load(self.device)

    def of(self, x: Tensor) -> Tensor:
        """The distance of each image; one by one, so that none depends on those beside it."""
        import torch

        clean = self.reader.schedule.level(0, 0)
        logits = torch.cat([self.network.logits(self._fitted(row), clean).float() for row in x.split(1)])
        return 1 - self.network.alignment(logits)[:, 0].to(x.dtype)

    def _fitted(self, row: Tensor) -> Tensor:
        from torch.nn import functional

        size = self.reader.shape[1:]
        row = row.float()
        return row if row.shape[2:] == size else functional.interpolate(row, size, mode="bilinear", antialias=True)
