"""A noise predictor that is a formula: the clean image of a mixture of normal distributions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from superpose import Condition, NoiseLevel, NoisePredictor, Prediction, PromptError, Schedule
from superpose_gaussian.normal import Mixture

#: Number of the condition that says nothing: any distribution of the mixture.
ANY = -1


class ExactPredictor(NoisePredictor):
    """Exact answers of a mixture of normal distributions, one of which a prompt may choose.

    They are computed in float64, whatever runs beside them: at low noise two densities differ by e^1000.

    Arguments:
        images: The mixture; what its distributions are of is an image, flat.
        prompts: Names of its distributions.
        shape: (C, H, W) of an image.
        schedule: Noise levels.
        device: Where it runs.
    """

    parameterization = "sample"

    def __init__(
        self, images: Mixture, prompts: tuple[str, ...], shape: tuple[int, int, int], schedule: Schedule, device: str
    ) -> None:
        self.device = torch.device(device)
        # MPS has no float64.
        self.images = images.to(self.device, torch.float32 if self.device.type == "mps" else torch.float64)
        self.prompts, self.shape, self.schedule = prompts, shape, schedule

    def condition(self, prompt: str) -> Condition:
        """Number of the distribution; `ANY` for the prompt that says nothing.

        Raises:
            PromptError: If it is the name of none.
        """
        if prompt and prompt not in self.prompts:
            raise PromptError(f"unknown prompt {prompt!r}; known: {', '.join(map(repr, self.prompts))}")
        number = self.prompts.index(prompt) if prompt else ANY
        return Condition(prompt, {"number": torch.tensor([number], device=self.device)})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """The mean of the clean images, row by row."""
        rows, number = x.flatten(1).to(self.images.shares.dtype), conditioning["number"][:, None]
        free = self.images.noisy(level.alpha, level.sigma).log_densities(rows).softmax(1)
        chosen = torch.arange(len(self.prompts), device=self.device) == number
        # No branch looks at the numbers: that would make a GPU wait.
        weights = torch.where(number == ANY, free, chosen.to(free.dtype))
        return Prediction(self.images.denoised(rows, level.alpha, level.sigma, weights).view_as(x).float())

    def log_likelihood(self, x: Tensor) -> Tensor:
        """Natural logarithm of the mixture's density at clean images (N, C, H, W), shape (N,)."""
        return self.images.log_density(x.flatten(1).to(self.images.shares.dtype))
