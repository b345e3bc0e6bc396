"""The diffusion autoencoder as a noise predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from superpose import (
    Beside,
    Condition,
    Moment,
    NoisePredictor,
    Prediction,
    RecipeError,
    StaticClip,
    StepNoise,
    make,
    read_image,
)
from superpose_diffae import loading
from superpose_diffae.attributes import Classifier, read_classifier
from superpose_diffae.codes import ordered
from superpose_diffae.latent import LatentPredictor

if TYPE_CHECKING:
    from superpose_diffae.model import DiffusionAutoencoder


class AutoencoderPredictor(NoisePredictor):
    """The decoder, told codes.

    Attributes:
        network: The conditional U-Net.
        encoder: The semantic encoder.
        latent: What draws codes; None where the file has nothing for it.
        statistics: Mean and deviation of codes, each (1, E); None where no file has them.
        classifier: What knows attributes; None where the model's table names none.

    Arguments:
        model: What the recipe says.
        device: Where it runs.
        dtype: What the decoder computes in.
    """

    parameterization = "epsilon"

    def __init__(self, model: DiffusionAutoencoder, device: str, dtype: str) -> None:
        self.model, layout = model, model.layout
        self.shape, self.schedule, self.clip = model.shape, model.schedule, model.clip
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        record = model.facts.record
        # With one head all orders of q, k and v are the same; with more the original's is legacy.
        heads = model.heads or record.get("net_beatgans_attn_head") or 1
        self.network = loading.load_decoder(model.path, layout, heads, device, self.dtype)
        self.encoder = loading.load_encoder(model.path, layout, heads, device)
        self.codes = ordered(model.code)
        self.statistics = self._statistics(layout.code, device)
        self.latent = self._latent(device)
        self.classifier: Classifier | None = None
        if model.classifier is not None:
            average = model.average_classifier
            self.classifier = read_classifier(model.classifier, self.statistics, average=average, device=device)

    @torch.no_grad()
    def semantic(self, images: Tensor) -> Tensor:
        """Codes (N, E) of images (N, 3, H, W) in [-1, 1]."""
        return torch.cat([self.encoder(image) for image in images.to(self.device).split(1)])

    def draw(self, noise: StepNoise) -> Tensor:
        """Codes (N, E) drawn by the latent network, out of unit noise for N images.

        Raises:
            RecipeError: The file has no latent network.
        """
        if self.latent is None:
            raise RecipeError(f"{self.model.path} has no latent network: take the last.ckpt of a template with _latent")
        codes = self.latent.sample(make("scheduler", "ddim", steps=self.model.latent_steps, grid="ddim-openai"), noise)
        return codes if self.statistics is None else codes * self.statistics[1] + self.statistics[0]

    def told(self, code: Tensor, share: float = 0.0, prompt: str = "code") -> Condition:
        """The condition of a code (1, E), and of a share of the sample's own."""
        shares = torch.full((1, 1), share, device=self.device)
        return Condition(prompt, {"code": code.to(self.device), "share": shares})

    def condition(self, prompt: str) -> Condition:
        """The code that the prompt names."""
        self.model.check_prompt(prompt)
        share, code = self._named(prompt)
        return self.told(code, share, prompt)

    def beside(self, low: Tensor | None, noise: StepNoise) -> Beside | None:
        """The samples' own codes, where the file can draw any."""
        del low
        return None if self.latent is None else Beside(each={"own": self.draw(noise)})

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        code = given["code"]
        if "own" in given:
            code = code + given["share"] * given["own"]
        t = torch.full((1,), moment.t, device=self.device)
        answer = self.network(x.to(self.dtype), t, code.to(self.dtype))
        return Prediction(answer[:, :3])

    def _named(self, name: str) -> tuple[float, Tensor]:
        """Share of the sample's own code, and what is added to it, shape (1, E)."""
        share, vector = 1.0, torch.zeros(1, self.model.layout.code, device=self.device)
        code = self.codes.get(name)
        if code is None:
            return share, vector
        if code.image is not None:
            share, vector = 0.0, self.semantic(read_image(code.image, self.shape)[None])
        elif code.between is not None:
            (share, vector), (other, further) = map(self._named, code.between)
            share, vector = (1 - code.mix) * share + code.mix * other, vector.lerp(further, code.mix)
        if code.attribute is not None and self.classifier is not None:
            vector = vector + code.strength * self.classifier.direction(code.attribute)
        return share, vector

    def _statistics(self, width: int, device: str) -> tuple[Tensor, Tensor] | None:
        if self.model.statistics is not None:
            return loading.load_statistics(self.model.statistics, width, device)
        return loading.load_statistics(self.model.path, width, device) if self.model.facts.statistics else None

    def _latent(self, device: str) -> LatentPredictor | None:
        model, record, layout = self.model, self.model.facts.record, self.model.layout
        bias = float(record.get("net_latent_condition_bias", 1))
        network = loading.load_latent(model.path, layout, bias, device)
        if network is None:
            return None
        if self.statistics is None and record.get("latent_znormalize", True):
            raise RecipeError(
                f"{model.path} draws normed codes and has no conds_mean and conds_std: write statistics = 'latent.pkl'"
            )
        clip = StaticClip() if record.get("latent_clip_sample") else None
        return LatentPredictor(network, layout.code, model.latent_schedule, clip, self.device)
