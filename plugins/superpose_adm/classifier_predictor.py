"""The noisy classifier of guided-diffusion, ready to be asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from superpose import ClassifierPredictor, NoiseLevel
from superpose_adm.encoder import Encoder, load_encoder

if TYPE_CHECKING:
    from superpose_adm.classifier import GuidedDiffusionClassifier


class GuidedClassifier(ClassifierPredictor):
    """The network in a file of guided-diffusion.

    Arguments:
        classifier: What the recipe says of it.
        device: Where it runs.
        dtype: What it computes in.
    """

    def __init__(self, classifier: GuidedDiffusionClassifier, device: str, dtype: str) -> None:
        self.shape, self.device, self.dtype = classifier.shape, torch.device(device), getattr(torch, dtype)
        make = partial(
            Encoder, classifier.layout, classifier.heads, classifier.pool, classifier.side, classifier.hidden
        )
        self.network = load_encoder(classifier.path, make, device, self.dtype)

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """Logits of the classes, shape (N, classes)."""
        t = torch.full((), level.t, device=self.device)
        answer: Tensor = self.network(x.to(self.dtype), t)
        return answer
