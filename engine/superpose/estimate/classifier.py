r"""Classifiers of noisy images: :math:`p_t(y | x_t)`, whose gradient steers a sample towards a class.

A classifier is asked in the same rounds and blocks as the networks that denoise. What it answers is

.. math:: \nabla_{x_t} \log p_t(y | x_t)

(Dhariwal & Nichol 2021, arXiv 2105.05233; the score of a conditioned process, Song et al. 2020, arXiv 2011.13456).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from superpose.errors import PromptError
from superpose.estimate.prediction import Prediction
from superpose.estimate.predictor import Condition
from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose.estimate.compiling import Backend
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel, Schedule


class Classifier(Kind, ABC):
    """The recipe's side of a classifier. Kinds are frozen attrs classes that import no torch until `load`."""

    role: ClassVar[str] = "classifier"

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images it judges: the first C channels of a state."""

    @property
    @abstractmethod
    def schedule(self) -> Schedule:
        """Noise levels it was trained on; those of the networks that it may guide."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """Number of classes."""

    def label(self, prompt: str) -> int:
        """The class that a prompt names: its number, from 0, unless a kind knows names.

        Raises:
            PromptError: If there is no such class.
        """
        if prompt.isascii() and prompt.isdecimal() and int(prompt) < self.classes:
            return int(prompt)
        raise PromptError(
            f"classifier {self.kind!r} knows no class {prompt!r}; write a number from 0 to {self.classes - 1}"
        )

    def among(self, prompts: Sequence[str]) -> Classifier:
        """The classifier that tells images of these prompts apart: this one, unless its classes are texts one gives.

        Raises:
            PromptError: If one of them names no class.
        """
        for prompt in prompts:
            self.label(prompt)
        return self

    @classmethod
    def reading(cls, shape: Shape, others: Sequence[Classifier]) -> Iterable[Classifier]:
        """Classifiers of this kind for images of a shape, made of ``others``, which read parts of them; none here.

        Asked where somebody wants images read and none of the classifiers that need no option is of that shape.
        """
        del shape, others
        return ()

    def parts(self, prompt: str) -> tuple[tuple[Classifier, str], ...]:
        """Classifier and prompt of each column of an image of a prompt, from left to right."""
        return ((self, prompt),)

    @abstractmethod
    def load(self, device: str = "cpu", dtype: str = "float32") -> ClassifierPredictor:
        """Read the weights, straight to ``device`` and in ``dtype`` (float32, bfloat16 or float16).

        Raises:
            RecipeError: If a file is missing, cut off or of another family; says what was found and what fits.
        """

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file of weights by its name; written into every image."""
        return {}


class ClassifierPredictor(ABC):
    """A classifier that is ready to be asked: **row i of an answer depends on row i of the question alone**.

    Attributes:
        shape: (C, H, W) of the images it judges.
        device: Where it runs.
        differentiable: Whether torch can differentiate the gradient that it answers once more.
    """

    shape: tuple[int, int, int]
    device: torch.device
    differentiable: bool = True

    @abstractmethod
    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """Unnormalised log-probabilities of the classes, shape (N, classes), through which torch can differentiate.

        Arguments:
            x: Noisy images, shape (N, C, H, W), float32, on the classifier's device.
            level: Their noise level, the same for every row.
        """

    def alignment(self, logits: Tensor) -> Tensor:
        """How well images go with the classes, of ``logits`` (..., classes): probabilities, unless overridden."""
        return logits.softmax(-1)

    def compile(self, backend: Backend = "inductor") -> bool:
        """Have torch compile what `logits` asks, each network as one graph, from the next question on.

        Arguments:
            backend: Of `torch.compile`.

        Returns:
            True where there is such a network; False leaves the classifier as it is.
        """
        del backend
        return False

    def condition(self, prompt: str, label: int) -> Condition:
        """A class in the form that questions have: made once, before the loop."""
        import torch

        return Condition(prompt, {"label": torch.tensor([label], device=self.device)})

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        """Put the classes of N rows together."""
        import torch

        return {"label": torch.cat([condition.tensors["label"] for condition in conditions])}

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """The gradient of each row's log-probability, shape (N, C, H, W), float32: one pass forward and one back."""
        import torch

        from superpose.estimate.compiling import uncompiled

        again = torch.is_grad_enabled() and x.requires_grad  # somebody differentiates through this answer
        with torch.enable_grad():
            seen = x if again else x.detach().requires_grad_()
            # Torch differentiates once through what it compiled.
            logits = uncompiled(self.logits, seen, level) if again else self.logits(seen, level)
            likely = torch.log_softmax(logits.float(), dim=1)
            chosen = likely.gather(1, conditioning["label"][:, None])
            [gradient] = torch.autograd.grad(chosen.sum(), seen, create_graph=again)
        return Prediction(gradient)
