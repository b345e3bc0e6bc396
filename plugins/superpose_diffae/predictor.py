"""The diffusion autoencoder as a noise predictor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import torch
from torch import Tensor

import superpose
from superpose import Condition, Conditioning, NoiseLevel, NoisePredictor, Prediction, RecipeError, StepNoise
from superpose_diffae.codes import Code, linear_combination, ordered

if TYPE_CHECKING:
    from superpose import Parameterization
    from superpose_diffae.attributes import Classifier
    from superpose_diffae.latent import LatentPredictor
    from superpose_diffae.model import CodedModel


@attrs.frozen(kw_only=True, eq=False)
class Networks:
    """Networks of a diffusion autoencoder; what is None, its files do not have.

    Attributes:
        decoder: Output for noisy images (N, C, H, W), given times (1,) and codes (N, E), in the dtype it computes in.
        encoder: Codes (N, E) of images (N, C, H, W) in [-1, 1], float32.
        statistics: Mean and deviation of codes, each (1, E).
        latent: What draws codes, normed by these.
        classifier: What knows attributes.
        parameterization: What the decoder's output means.
    """

    decoder: Callable[[Tensor, Tensor, Tensor], Tensor]
    encoder: Callable[[Tensor], Tensor]
    statistics: tuple[Tensor, Tensor] | None = None
    latent: LatentPredictor | None = None
    classifier: Classifier | None = None
    parameterization: Parameterization = "epsilon"


class AutoencoderPredictor(NoisePredictor):
    """The decoder, told codes that prompts name."""

    def __init__(self, model: CodedModel, networks: Networks, width: int, device: str, dtype: str) -> None:
        self.model, self.codes, self.width = model, ordered(model.code), width
        self.shape, self.schedule, self.clip = model.shape, model.schedule, model.clip
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.network, self.encoder = networks.decoder, networks.encoder
        self.parameterization = networks.parameterization
        self.statistics, self.latent, self.classifier = networks.statistics, networks.latent, networks.classifier

    @torch.no_grad()
    def semantic(self, images: Tensor) -> Tensor:
        """Codes (N, E) of images (N, 3, H, W) in [-1, 1]."""
        return torch.cat([self.encoder(image) for image in images.to(self.device).split(1)])

    def draw(self, noise: StepNoise) -> Tensor:
        """Codes (N, E) drawn by the latent network out of unit noise for N images; it must be there."""
        if self.latent is None:
            raise RecipeError("there is no latent network: take the last.ckpt of a template with _latent")
        ddim = superpose.make("scheduler", "ddim", steps=self.model.latent_steps, grid="ddim-openai")
        codes = self.latent.sample(ddim, noise)
        return codes if self.statistics is None else codes * self.statistics[1] + self.statistics[0]

    def told(self, code: Tensor, share: float = 0.0, prompt: str = "code") -> Condition:
        """The condition of a code (1, E), and of a share of the sample's own."""
        return Condition(prompt, {"code": code.to(self.device), "share": torch.full((1, 1), share, device=self.device)})

    def condition(self, prompt: str) -> Condition:
        """The code that the prompt names."""
        self.model.check_prompt(prompt)
        share, code = linear_combination(prompt, self.codes, self._of, self._moved)
        return self.told(torch.zeros(1, self.width, device=self.device) + code, share, prompt)

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """The samples' own codes, where the file can draw any."""
        del low
        return Conditioning(per_sample={"own": self.draw(noise)}) if self.latent else None

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        """Rows' codes, and their shares of the samples' own where any has one."""
        rows = dict(super().gather(conditions))
        if not bool(rows["share"].any()):
            del rows["share"]
        return rows

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        code = conditioning["code"]
        if "share" in conditioning:
            if "own" not in conditioning:
                raise RecipeError("a code that is drawn belongs to a sample: give a prompt that names an image's code")
            code = code + conditioning["share"] * conditioning["own"]
        t = torch.full((1,), level.t, device=self.device)
        return Prediction(self.network(x.to(self.dtype), t, code.to(self.dtype)))

    def _of(self, image: Path) -> Tensor:
        return self.semantic(superpose.read_image(image, self.shape)[None])

    def _moved(self, code: Code) -> Tensor:
        if self.classifier is None or code.attribute is None:
            raise RecipeError(f"code {code.name!r} moves along an attribute, and there is no classifier")
        return code.strength * self.classifier.direction(code.attribute)
