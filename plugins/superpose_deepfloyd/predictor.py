"""A stage of a cascade as a noise predictor asks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import torch
from torch import Tensor, nn

from superpose import Conditioning, LayConditioning, NoiseLevel, RecipeError, StepNoise
from superpose_deepfloyd.network import IFUNet

Speak = Callable[[str], Tensor]


@attrs.define(eq=False)
class Texts:
    """Prompts as the network reads them, before it sees an image.

    Attributes:
        network: The network.
        open: Opens what says of a prompt what the text encoder makes of it, shape (1, tokens, width); it is open while
            conditions are made and no longer, for a text encoder takes more memory than the network.
    """

    network: IFUNet
    open: Callable[[], Speak]
    _opened: Speak | None = None

    def __call__(self, prompt: str) -> Mapping[str, Tensor]:
        """The words, and all of them in one vector; `PromptError` if there is no text of that prompt."""
        if self._opened is None:
            self._opened = self.open()
        states = self._opened(prompt).to(self.network.conv_in.weight)
        wanted = self.network.config.text_width
        if states.shape[-1] != wanted:
            raise RecipeError(f"texts of {states.shape[-1]} features, and the network reads {wanted}: another encoder")
        tokens, pooled = self.network.read(states)
        return {"tokens": tokens, "pooled": pooled}

    def forward(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Tensor:
        """One forward pass of the network, once all texts are read."""
        self._opened = None
        dtype = self.network.conv_in.weight.dtype
        answer: Tensor = self.network(x.to(dtype), torch.full((), level.t, device=x.device), **conditioning)
        return answer


def laid(noise_level: int, scales: tuple[float, float], device: str) -> LayConditioning:
    """The small images that an upscaler paints over, enlarged to the size of the noise, and how noisy they are.

    ``noise_level`` is the time on the image-noising levels, ``scales`` are alpha and sigma there.
    """

    @torch.no_grad()
    def lay(low: Tensor | None, noise: StepNoise) -> Conditioning:
        if low is None:
            raise RecipeError("an upscaler needs images to paint over: make it a [[stage]] after a first one")
        # The corners of the small image come to lie on the corners of the large one, as the networks were trained.
        small, drawn = low.to(device, torch.float32), noise("low")
        large = nn.functional.interpolate(small, drawn.shape[2:], mode="bilinear", align_corners=True)
        alpha, sigma = scales
        levels = torch.full((len(low),), noise_level, device=device)
        return Conditioning(large.mul_(alpha).add_(drawn, alpha=sigma), {"noise_level": levels})

    return lay
