r"""The loss of a classifier of clean images: :math:`-\log p(c | x_0)`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from superpose import BoundLoss, Classifier, Loss, Problem, PromptError, option, refuse

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import ClassifierPredictor, Shape


@attrs.frozen(kw_only=True)
class ClassifierLoss(Loss):
    """Negative log-probability, by a classifier, that an image is of a class, in nats.

    Any classifier will do, also one that was trained on other noise levels than the model, or on clean images alone: it
    is shown clean ones. Images of another size than it reads are brought to it.
    """

    kind = "classifier"
    classifier: Classifier = option(doc="the classifier: a table with its kind")
    label: str = option(doc="the class that is wanted")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images that can't be brought to the classifier's size, and a class that it does not know."""
        channels, height, width = self.classifier.shape
        if shape[0] != channels or shape[1] * width != shape[2] * height:
            what = f"it reads images of {(channels, height, width)}, which those of {tuple(shape)} can't be brought to"
            yield Problem("classifier", what, "use one of images with these sides and channels")
        try:
            self.classifier.label(self.label)
        except PromptError as error:
            yield Problem.of(error, "label")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundLoss:
        """The loss; the classifier's weights are read when it is first asked."""
        refuse(self.problems(shape))
        return Unlikely(self.classifier, self.classifier.label(self.label), str(device))


@attrs.define(eq=False, slots=False)
class Unlikely(BoundLoss):
    """The loss, which reads its classifier when it is first asked.

    Attributes:
        classifier: Reads clean images.
        label: The class, by its number.
        device: Where images are.
    """

    classifier: Classifier
    label: int
    device: str = "cpu"

    @cached_property
    def reader(self) -> ClassifierPredictor:
        """The classifier with its weights."""
        return self.classifier.load(self.device)

    def of(self, x: Tensor) -> Tensor:
        """Negative log-probability of each image; one by one, so that none depends on those beside it."""
        import torch

        clean = self.classifier.schedule.level(0, 0)
        rows = [self.reader.logits(self._fitted(row), clean).float().log_softmax(1) for row in x.split(1)]
        return -torch.cat(rows)[:, self.label].to(x.dtype)

    def _fitted(self, row: Tensor) -> Tensor:
        from torch.nn import functional

        size = self.classifier.shape[1:]
        row = row.float()
        if tuple(row.shape[2:]) == tuple(size):
            return row
        return functional.interpolate(row, size, mode="bilinear", antialias=True)
