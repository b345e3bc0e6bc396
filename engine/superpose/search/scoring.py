"""Reading images with a classifier: every view of each, against every prompt of the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import torch
from torch import Tensor

from superpose.errors import RecipeError
from superpose.media.sheet import Reading
from superpose.search.scores import Score

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier, ClassifierPredictor

#: Pictures that are read at once.
ROWS = 64


@attrs.frozen(eq=False)
class Scoring:
    """A classifier that reads the views of images.

    Attributes:
        classifier: Knows which class a prompt names.
        reader: Reads.
        readings: Ways to look at an image, each with what it should show.
    """

    classifier: Classifier
    reader: ClassifierPredictor
    readings: Sequence[Reading]

    def scores(self, images: Tensor) -> list[Score]:
        """The score of each image.

        Arguments:
            images: Shape (N, C, H, W), in [-1, 1].
        """
        labels = [self.classifier.label(reading.prompt or "") for reading in self.readings]
        logits = torch.stack([self._logits(reading.show(images)) for reading in self.readings], 1)
        right = logits.argmax(-1) == torch.tensor(labels)
        asked = logits[..., labels]  # of view i and prompt j
        each = self.reader.alignment(logits)[..., labels].diagonal(dim1=-2, dim2=-1)
        concealed = concealment(asked).tolist() if len(labels) > 1 else [None] * len(images)
        return [
            Score(min(mine), hidden, tuple(read), tuple(mine))
            for mine, hidden, read in zip(each.tolist(), concealed, right.tolist(), strict=True)
        ]

    def _logits(self, images: Tensor) -> Tensor:
        clean = self.classifier.schedule.level(0, 0)
        with torch.inference_mode():
            rows = [self.reader.logits(fitted(some, self.classifier), clean) for some in images.split(ROWS)]
        return torch.cat(rows).double().cpu()


def concealment(logits: Tensor) -> Tensor:
    r"""The mean of both softmaxes' diagonals, :math:`S / \tau` being ``logits`` of shape (N, views, prompts)."""
    both = logits.softmax(-1) + logits.softmax(-2)
    return both.diagonal(dim1=-2, dim2=-1).mean(-1) / 2


def fitted(images: Tensor, classifier: Classifier) -> Tensor:
    """Images at the size that a classifier reads.

    Raises:
        RecipeError: They have other sides to each other, or other channels.
    """
    channels, height, width = classifier.shape
    if images.shape[1] == 1:
        images = images.expand(-1, channels, -1, -1)
    if images.shape[1] != channels or images.shape[2] * width != images.shape[3] * height:
        raise RecipeError(
            f"classifier {classifier.kind!r} reads images of {height}x{width} pixels and {channels} channels, which "
            f"those of {images.shape[2]}x{images.shape[3]} pixels and {images.shape[1]} channels can't be brought to"
        )
    if tuple(images.shape[2:]) != (height, width):
        images = torch.nn.functional.interpolate(images, (height, width), mode="bicubic", antialias=True).clamp(-1, 1)
    return images.contiguous()
