"""The diffusion autoencoder as a noise predictor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

import superpose
from superpose import Beside, Condition, Moment, NoisePredictor, Prediction, RecipeError, StaticClip, StepNoise
from superpose_diffae import loading
from superpose_diffae.attributes import read_classifier
from superpose_diffae.codes import Code, line, ordered
from superpose_diffae.latent import LatentPredictor

if TYPE_CHECKING:
    from superpose_diffae.model import DiffusionAutoencoder


class AutoencoderPredictor(NoisePredictor):
    """The decoder, told codes: its ``network`` in ``dtype``, its ``encoder``, and where files have them what draws
    codes (``latent``), their mean and deviation (``statistics``, each (1, E)), what knows attributes (``classifier``).
    """

    parameterization = "epsilon"

    def __init__(self, model: DiffusionAutoencoder, device: str, dtype: str) -> None:
        self.model, self.codes, layout = model, ordered(model.code), model.layout
        self.shape, self.schedule, self.clip = model.shape, model.schedule, model.clip
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        path, known = model.path, model.facts
        heads = model.heads or known.record.get("net_beatgans_attn_head") or 1
        self.network = loading.load_decoder(path, layout, heads, device, self.dtype)
        self.encoder = loading.load_encoder(path, layout, heads, device)
        statistics = model.statistics or (path if known.normed else None)
        self.statistics = loading.load_statistics(statistics, layout.code, device) if statistics else None
        self.latent = None
        bias = float(known.record.get("net_latent_condition_bias", 1))
        if network := loading.load_latent(path, layout, bias, device):
            if self.statistics is None and known.record.get("latent_znormalize", True):
                raise RecipeError(f"{path} draws normed codes and does not say how: write statistics = 'latent.pkl'")
            clip = StaticClip() if known.record.get("latent_clip_sample") else None
            shape = (layout.code, 1, 1)
            self.latent = LatentPredictor(network, shape, model.latent_schedule, clip, self.device)
        self.classifier = None
        if model.classifier is not None:
            average = model.average_classifier
            self.classifier = read_classifier(model.classifier, self.statistics, average=average, device=device)

    @torch.no_grad()
    def semantic(self, images: Tensor) -> Tensor:
        """Codes (N, E) of images (N, 3, H, W) in [-1, 1]."""
        return torch.cat([self.encoder(image) for image in images.to(self.device).split(1)])

    def draw(self, noise: StepNoise) -> Tensor:
        """Codes (N, E) drawn by the latent network out of unit noise for N images; it must be there."""
        if self.latent is None:
            raise RecipeError(f"{self.model.path} has no latent network: take the last.ckpt of a template with _latent")
        ddim = superpose.make("scheduler", "ddim", steps=self.model.latent_steps, grid="ddim-openai")
        codes = self.latent.sample(ddim, noise)
        return codes if self.statistics is None else codes * self.statistics[1] + self.statistics[0]

    def told(self, code: Tensor, share: float = 0.0, prompt: str = "code") -> Condition:
        """The condition of a code (1, E), and of a share of the sample's own."""
        return Condition(prompt, {"code": code.to(self.device), "share": torch.full((1, 1), share, device=self.device)})

    def condition(self, prompt: str) -> Condition:
        """The code that the prompt names."""
        self.model.check_prompt(prompt)
        share, code = line(prompt, self.codes, self._of, self._moved)
        return self.told(torch.zeros(1, self.model.layout.code, device=self.device) + code, share, prompt)

    def beside(self, low: Tensor | None, noise: StepNoise) -> Beside | None:
        """The samples' own codes, where the file can draw any."""
        del low
        return Beside(each={"own": self.draw(noise)}) if self.latent else None

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        """Rows' codes, and their shares of the samples' own where any has one."""
        rows = dict(super().gather(conditions))
        if not bool(rows["share"].any()):
            del rows["share"]
        return rows

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        code = given["code"]
        if "share" in given:
            if "own" not in given:
                raise RecipeError("a code that is drawn belongs to a sample: give a prompt that names an image's code")
            code = code + given["share"] * given["own"]
        t = torch.full((1,), moment.t, device=self.device)
        return Prediction(self.network(x.to(self.dtype), t, code.to(self.dtype)))

    def _of(self, image: Path) -> Tensor:
        return self.semantic(superpose.read_image(image, self.shape)[None])

    def _moved(self, code: Code) -> Tensor:
        if self.classifier is None or code.attribute is None:
            raise RecipeError(f"code {code.name!r} moves along an attribute, and there is no classifier")
        return code.strength * self.classifier.direction(code.attribute)
