"""The predictor of a word: a network of letters that is asked about every column of the canvas at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from superpose import Condition, NoisePredictor, Prediction
from superpose_words.columns import apart, beside, wide

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Backend, NoiseLevel


class Spelled(NoisePredictor):
    """Columns of a canvas, each an image of the network of letters, with a prompt of its own.

    Arguments:
        letter: The network.
        letters: How many columns there are.
        nothing: The prompt that tells the network nothing.
    """

    def __init__(self, letter: NoisePredictor, letters: int, nothing: str = "") -> None:
        self.letter, self.letters, self.nothing = letter, letters, nothing
        self.schedule, self.process, self.device = letter.schedule, letter.process, letter.device
        self.parameterization, self.learned_variance = letter.parameterization, letter.learned_variance
        self.clip, self.differentiable, self.interpolation = letter.clip, letter.differentiable, letter.interpolation
        self.shape = wide(letter.shape, letters)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, n W)."""
        return wide(self.letter.image_shape, self.letters)

    def encode(self, images: Tensor) -> Tensor:
        """The states of pictures, letter by letter."""
        return beside(self.letter.encode(apart(images, self.letters)), self.letters)

    def decode(self, states: Tensor) -> Tensor:
        """The pictures of states, letter by letter."""
        return beside(self.letter.decode(apart(states, self.letters)), self.letters)

    def condition(self, prompt: str) -> Condition:
        """The condition of each letter, told apart by its place; of no word, letters of which nothing is said."""
        spelled = list(prompt) or [self.nothing] * self.letters
        each = {letter: self.letter.condition(letter).tensors for letter in dict.fromkeys(spelled)}
        told = {f"{i}:{name}": value for i, letter in enumerate(spelled) for name, value in each[letter].items()}
        return Condition(prompt, told)

    def compile(self, backend: Backend = "inductor") -> bool:
        """Compile the network of letters."""
        return self.letter.compile(backend)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """Answer all letters of all rows in one pass."""
        import torch

        names = dict.fromkeys(name.partition(":")[2] for name in conditioning)
        told = {
            name: torch.stack([conditioning[f"{i}:{name}"] for i in range(self.letters)], 1).flatten(0, 1)
            for name in names
        }
        found = self.letter.predict(apart(x, self.letters), level, told)
        variance = None if found.variance is None else beside(found.variance, self.letters)
        return Prediction(beside(found.output, self.letters), variance)
