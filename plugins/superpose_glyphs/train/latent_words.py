r"""The latent model in training: v-prediction in latents that look at the words of a phrase.

The loss is that of ``pixels``, of latents :math:`s\,E(x)` of a first stage E that was trained before and learns no
more; s makes their deviation 1 (Rombach et al. 2022, arXiv:2112.10752).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from superpose import RecipeError, read_json, replacing
from superpose_glyphs.phrases import Vocabulary
from superpose_glyphs.train.batches import Images, spread
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.first_stage import CONFIG as FIRST
from superpose_glyphs.train.first_stage import encoded, write_first_stage
from superpose_glyphs.train.phrased import shown, vocabulary
from superpose_glyphs.train.plan import LEVELS, Plan, scales
from superpose_glyphs.train.task import Task
from superpose_networks import read_weights
from superpose_networks.latent import (
    Autoencoder,
    LatentUNet,
    TextEncoder,
    clip_config,
    diffusers_autoencoder,
    diffusers_unet,
)

WIDTH = 64
#: Words are looked at where there are 8x8 places, so that what each word does can be seen there.
UNET: dict[str, Any] = {
    "_class_name": "UNet2DConditionModel",
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": [64, 160],
    "layers_per_block": 1,
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "mid_block_type": None,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
    "cross_attention_dim": WIDTH,
    "attention_head_dim": [2, 5],
    "use_linear_projection": True,
    "norm_num_groups": 8,
}
TEXT: dict[str, Any] = {
    "architectures": ["CLIPTextModel"],
    "model_type": "clip_text_model",
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 4 * WIDTH,
    "hidden_act": "quick_gelu",
}
SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "num_train_timesteps": LEVELS,
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 0,
}
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "scheduler": ["diffusers", "DDIMScheduler"],
}
WHERE = "glyphs-ldm"


class Phrased(NamedTuple):
    """One step's questions.

    Attributes:
        clean: Images, shape (N, 3, H, W), in [-1, 1].
        words: Numbers of their words, shape (N, length).
        t: Noise levels, shape (N,).
        noise: Unit normal, shaped as latents.
    """

    clean: Tensor
    words: Tensor
    t: Tensor
    noise: Tensor


class Latent(nn.Module):
    """The networks of latent diffusion; the first stage doesn't learn, and its latents are divided by ``scale``."""

    scale: Tensor

    def __init__(self, text: Mapping[str, Any]) -> None:
        super().__init__()
        self.autoencoder = Autoencoder(diffusers_autoencoder(WHERE, FIRST)).requires_grad_(requires_grad=False)
        self.text = TextEncoder(clip_config(WHERE, text))
        self.unet = LatentUNet(diffusers_unet(WHERE, UNET))
        nn.init.zeros_(self.unet.conv_out.weight)
        # A word's features start small, so that none drowns the others.
        for table in (self.text.token_embedding, self.text.position_embedding):
            nn.init.normal_(table.weight, std=0.2)
        self.register_buffer("scale", torch.ones(()))

    @torch.no_grad()
    def latents(self, images: Tensor) -> Tensor:
        """Of images (N, 3, H, W), with a deviation of 1."""
        return encoded(self.autoencoder, images).float().chunk(2, dim=1)[0] / self.scale

    def forward(self, x: Tensor, t: Tensor, words: Tensor) -> Tensor:
        """Output of the U-Net for noisy latents (N, 4, h, w), given numbers of words (N, length)."""
        v: Tensor = self.unet(x, t, self.text(words))
        return v


@attrs.frozen
class LatentWords(Task):
    """``glyphs-ldm``: text to image in latents of 8x8 places."""

    name = "glyphs-ldm"
    plan = Plan(steps=8000, batch=64, lr=1e-3)
    follows = True

    def network(self) -> Latent:
        """All its networks, the first stage as ``after`` left it.

        Raises:
            RecipeError: The first stage is not there.
        """
        network = Latent(self._text)
        if self.after is not None:
            folder = self.after
            if read_json(folder / "config.json") != FIRST:
                raise RecipeError(f"{folder} is no first stage of {self.name}: give the weights of glyphs-first-stage")
            weights = read_weights(folder / "diffusion_pytorch_model.safetensors", "cpu", torch.float32)
            network.autoencoder.load_state_dict(weights)
        return network

    def prepare(self, network: nn.Module, images: Images) -> None:
        """Measure the latents' deviation, on a few hundred images."""
        rng = np.random.default_rng(0)
        clean, _ = shown(images, rng.integers(0, len(images.pixels), 512), rng)
        latent = cast(Latent, network)
        latent.scale.copy_(latent.latents(clean).std())

    def batch(self, images: Images, plan: Plan, step: int) -> Phrased:
        """Images, phrases, noise levels, noise."""
        rng = np.random.default_rng([plan.seed, step])
        clean, phrases = shown(images, images.rows(plan.seed, step, plan.batch), rng)
        said = rng.random(plan.batch) >= plan.unprompted
        words = [self._known.numbers(phrase if heard else ()) for phrase, heard in zip(phrases, said, strict=True)]
        noise = rng.standard_normal((plan.batch, 4, self.side // 4, self.side // 4), dtype=np.float32)
        t = torch.from_numpy(spread(rng, plan.batch, LEVELS))
        return Phrased(clean, torch.tensor(words), t, torch.from_numpy(noise))

    def loss(self, network: nn.Module, batch: Phrased, plan: Plan) -> Tensor:
        """The weighted mean square error of v."""
        z = cast(Latent, network).latents(batch.clean)
        alpha, sigma = scales(batch.t)
        # Of heads so small the plain way costs a CPU less than the one that spares memory.
        with sdpa_kernel(SDPBackend.MATH):
            guess = network(alpha * z + sigma * batch.noise, batch.t, batch.words)
        v = alpha * batch.noise - sigma * z
        mean: Tensor = (plan.weight(sigma) * (v - guess.float()) ** 2).mean()
        return mean

    def export(self, network: nn.Module, folder: Path) -> None:
        """A folder as ``StableDiffusionPipeline`` of diffusers has it, and the words in order, ``words.json``."""
        latent = cast(Latent, network)
        write_first_stage(latent.autoencoder, 1 / float(latent.scale), folder / "vae")
        save_halves(latent.unet.state_dict(), folder / "unet" / "diffusion_pytorch_model.safetensors")
        text = {_published(name): value for name, value in latent.text.state_dict().items()}
        save_halves(text, folder / "text_encoder" / "model.safetensors")
        for name, content in (
            ("model_index.json", INDEX),
            ("unet/config.json", UNET),
            ("text_encoder/config.json", self._text),
            ("scheduler/scheduler_config.json", SCHEDULER),
            ("words.json", self._known.words),
        ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with replacing(folder / name) as path:
                path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @property
    def _known(self) -> Vocabulary:
        return vocabulary(self.subject)

    @property
    def _text(self) -> dict[str, Any]:
        return TEXT | {"vocab_size": len(self._known.words), "max_position_embeddings": self._known.length}


_NAMES = (
    (r"^(token|position)_embedding", r"embeddings.\1_embedding"),
    (r"^layers", "encoder.layers"),
    (r"^final_norm", "final_layer_norm"),
    (r"\.norm([12])\.", r".layer_norm\1."),
    (r"\.attn\.to_([qkv])\.", r".self_attn.\1_proj."),
    (r"\.attn\.to_out\.0\.", ".self_attn.out_proj."),
    (r"\.(fc[12])\.", r".mlp.\1."),
)


def _published(name: str) -> str:
    """Name of a tensor of `TextEncoder` in ``CLIPTextModel``."""
    for ours, theirs in _NAMES:
        name = re.sub(ours, theirs, name)
    return f"text_model.{name}"
