"""A stage of a cascade as a noise predictor."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from superpose import Condition, Conditioning, NoiseLevel, NoisePredictor, Prediction, RecipeError, StepNoise
from superpose_deepfloyd.network import IFUNet
from superpose_deepfloyd.stage import Stage
from superpose_networks import assign, read_weights, ready, weight_files

Speak = Callable[[str], Tensor]
Shape = tuple[int, int, int]


class IFPredictor(NoisePredictor):
    """A U-Net that reads texts and, where it upscales, a small image that it paints over.

    Arguments:
        stage: What its folder says.
        shape: (C, H, W) of an image.
        open_texts: Opens what says of a prompt what the text encoder makes of it, shape (1, tokens, width); it is open
            while conditions are made and no longer, for a text encoder takes more memory than the network.
        device: Where it runs.
        dtype: What it computes in.
        noise_level: Time on the image-noising levels to which an upscaler noises the small image.
    """

    def __init__(
        self, stage: Stage, shape: Shape, open_texts: Callable[[], Speak], device: str, dtype: str, noise_level: int = 0
    ) -> None:
        self.stage, self.shape, self.noise_level = stage, shape, noise_level
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = torch.device(device)
        self.schedule, self.parameterization, self.clip = stage.schedule, stage.parameterization, stage.clip
        self.learned_variance = "learned_range" if stage.learns_variance else "none"
        self.network = load_network(stage, self.device, self.dtype)
        self._open_texts = open_texts
        self._texts: Speak | None = None

    @torch.no_grad()
    def condition(self, prompt: str) -> Condition:
        """Encode a prompt for the network, before it sees an image; `PromptError` if there is no text of it."""
        if self._texts is None:
            self._texts = self._open_texts()
        states = self._texts(prompt).to(self.device, self.dtype)
        wanted = self.stage.config.text_width
        if states.shape[-1] != wanted:
            raise RecipeError(f"texts of {states.shape[-1]} features, and the network reads {wanted}: another encoder")
        words, pooled = self.network.read(states)
        return Condition(prompt, {"words": words, "whole": pooled})

    @torch.no_grad()
    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """Pictures that an upscaler paints over: the small images, enlarged and noised, and how noisy they are."""
        if not self.stage.upscales:
            return None
        if low is None:
            raise RecipeError("an upscaler needs images to paint over: make it a [[stage]] after a first one")
        # The corners of the small image come to lie on the corners of the large one, as the networks were trained.
        large = nn.functional.interpolate(
            low.to(self.device, torch.float32), self.shape[1:], mode="bilinear", align_corners=True
        )
        alpha, sigma = self.stage.noising.at(self.noise_level)
        levels = torch.full((len(low),), self.noise_level, device=self.device)
        return Conditioning(large.mul_(alpha).add_(noise("low"), alpha=sigma), {"noise_level": levels})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        self._texts = None
        t = torch.full((), level.t, device=self.device)
        answer = self.network(
            x.to(self.dtype), t, conditioning["words"], conditioning["whole"], conditioning.get("noise_level")
        )
        output, variance = answer[:, : self.shape[0]], answer[:, self.shape[0] :]
        return Prediction(output, variance if self.stage.learns_variance else None)


def load_network(stage: Stage, device: torch.device, dtype: torch.dtype) -> IFUNet:
    """The network of a stage, ready to be asked: frozen, in evaluation mode.

    Raises:
        RecipeError: A file is missing or damaged, or does not fit the configuration.
    """
    _, weights = weight_files(stage.folder, stage.variant)
    with torch.device("meta"):  # no memory, no random numbers
        network = IFUNet(stage.config)
    assign(network, read_weights(weights, device, dtype), str(weights))
    return ready(network)
