"""The diffusion autoencoder as a noise predictor asks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs
import torch
from torch import Tensor, nn

import superpose
from superpose import Conditioning, Model, NetworkPredictor, NoiseLevel, RecipeError, StepNoise, torch_dtype
from superpose_diffae.codes import Code, linear_combination

if TYPE_CHECKING:
    from superpose import Parameterization
    from superpose_diffae.attributes import Classifier
    from superpose_diffae.latent import LatentPredictor


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


@attrs.frozen(eq=False)
class Codes:
    """Codes that prompts name, and the decoder that is told them.

    Attributes:
        networks: Of the diffusion autoencoder.
        named: The codes by name.
        shape: (C, H, W) of its images.
        width: E, of a code.
        steps: Steps in which a code is drawn.
        device: Where all that runs.
        dtype: What the decoder computes in.
    """

    networks: Networks
    named: dict[str, Code]
    shape: tuple[int, int, int]
    width: int
    steps: int
    device: torch.device = attrs.field(converter=torch.device)
    dtype: torch.dtype = attrs.field(converter=torch_dtype)

    @torch.no_grad()
    def semantic(self, images: Tensor) -> Tensor:
        """Codes (N, E) of images (N, 3, H, W) in [-1, 1]."""
        return torch.cat([self.networks.encoder(image) for image in images.to(self.device).split(1)])

    def draw(self, noise: StepNoise) -> Tensor:
        """Codes (N, E) drawn by the latent network out of unit noise for N images; it must be there."""
        latent, statistics = self.networks.latent, self.networks.statistics
        if latent is None:
            raise RecipeError("there is no latent network: take the last.ckpt of a template with _latent")
        codes = latent.sample(superpose.make("scheduler", "ddim", steps=self.steps, grid="ddim-openai"), noise)
        return codes if statistics is None else codes * statistics[1] + statistics[0]

    def __call__(self, prompt: str) -> Mapping[str, Tensor]:
        """The code that the prompt names, and its share of the sample's own."""
        share, code = linear_combination(prompt, self.named, self._of, self._moved)
        fixed = torch.zeros(1, self.width, device=self.device) + code
        return {"code": fixed, "share": torch.full((1, 1), share)}

    def lay(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """The samples' own codes, where the files can draw any."""
        del low
        return Conditioning(per_sample={"own": self.draw(noise)}) if self.networks.latent else None

    def forward(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Tensor:
        """One forward pass of the decoder."""
        code = conditioning["code"]
        if "own" in conditioning:
            code = code + conditioning["share"] * conditioning["own"]
        elif self.networks.latent and "share" in conditioning and conditioning["share"].any():
            raise RecipeError("a code that is drawn belongs to a sample: give a prompt that names an image's code")
        t = torch.full((1,), level.t, device=self.device)
        return self.networks.decoder(x.to(self.dtype), t, code.to(self.dtype))

    def _of(self, code: Code) -> Tensor:
        if code.image is None:
            raise AssertionError("asked of codes that have an image only")
        fit = superpose.Fit(code.fit, code.resizer)
        return self.semantic(superpose.read_image(code.image, self.shape, fit=fit)[None])

    def _moved(self, code: Code) -> Tensor:
        if self.networks.classifier is None or code.attribute is None:
            raise RecipeError(f"code {code.name!r} moves along an attribute, and there is no classifier")
        return code.strength * self.networks.classifier.direction(code.attribute)


def predictor(model: Model, codes: Codes) -> NetworkPredictor:
    """The decoder as a noise predictor, told codes that prompts name."""
    return NetworkPredictor(
        model,
        codes.networks.decoder,
        codes,
        codes.device,
        codes.dtype,
        parameterization=codes.networks.parameterization,
        forward=codes.forward,
        lay_conditioning=codes.lay,
        modules=tuple(it for it in (codes.networks.decoder, codes.networks.encoder) if isinstance(it, nn.Module)),
    )
