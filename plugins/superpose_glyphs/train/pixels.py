r"""The pixel model in training: v-prediction on the cosine schedule.

.. math::
    x_t = \alpha_t x_0 + \sigma_t \epsilon, \quad v = \alpha_t \epsilon - \sigma_t x_0, \quad
    L = \min\Big(1, \frac{\gamma + 1}{\mathrm{SNR}_t + 1}\Big) \lVert v - v_\theta(x_t, t, c) \rVert^2

(Ho et al. 2020, arXiv:2006.11239; Salimans & Ho 2022, arXiv:2202.00512). The weight is that of min-SNR (Hang et al.
2023, arXiv:2303.09556) for v, except that it stays 1 where noise rules: there a composition decides what it will show.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import attrs
import torch
from torch import Tensor, nn

from superpose import replacing
from superpose_glyphs.train.batches import Batch, Images, Subject
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.plan import LEVELS, Plan, scales
from superpose_glyphs.train.task import Task
from superpose_glyphs.unshuffled import config, see
from superpose_networks import UNet2D, UNet2DConfig

#: Four pixels are one place of 12 channels: at half the sides a forward pass costs a third.
CONFIG = config(16, 12, (48, 96))


class ClassInStyle(nn.Module):
    """A class's row plus a style's row: what is learned of a plain A serves the coloured A.

    It stands for a table of ``class + classes * style``, with a last row for no prompt.
    """

    def __init__(self, subject: Subject, width: int) -> None:
        super().__init__()
        self.classes, self.styles = len(subject.classes), subject.styles
        self.g = nn.Embedding(self.classes + 1, width)
        self.s = nn.Embedding(self.styles + 1, width)

    def forward(self, labels: Tensor) -> Tensor:
        none = labels == self.styles * self.classes
        embedding: Tensor = self.g(torch.where(none, self.classes, labels % self.classes))
        return embedding.add(self.s(labels // self.classes))


@attrs.frozen
class Pixels(Task):
    """``glyphs``: class-conditional images of 32x32 pixels."""

    name = "glyphs"

    def network(self) -> UNet2D:
        """A U-Net with the class table in factors."""
        network = UNet2D(UNet2DConfig.from_mapping(self._config))
        network.class_embedding = ClassInStyle(self.subject, network.config.time_width)
        # An output of zero is the best guess of an untrained network, and its gradients start calm.
        nn.init.zeros_(network.conv_out.weight)
        return network

    def batch(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images, prompts, noise levels, noise."""
        return images.batch(plan.seed, step, plan.batch, plan.unprompted, LEVELS)

    def loss(self, network: nn.Module, batch: Batch, plan: Plan) -> Tensor:
        """The weighted mean square error of v."""
        alpha, sigma = scales(batch.t)
        v = alpha * batch.noise - sigma * batch.clean
        guess = see(cast(UNet2D, network), alpha * batch.clean + sigma * batch.noise, batch.t, batch.label)
        mean: Tensor = (plan.weight(sigma) * (v - guess.float()) ** 2).mean()
        return mean

    def export(self, network: nn.Module, folder: Path) -> None:
        """``config.json`` and weights in the published layout, the class table multiplied out; the prompts beside."""
        weights = {name: value for name, value in network.state_dict().items() if "class_embedding" not in name}
        prompts = self.subject.prompts
        with torch.no_grad():
            table = cast(nn.Module, network.class_embedding)
            weights["class_embedding.weight"] = table(torch.arange(len(prompts)))
        save_halves(weights, folder / "diffusion_pytorch_model.safetensors")
        for name, content in (("config.json", self._config), ("prompts.json", prompts)):
            with replacing(folder / name) as path:
                path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @property
    def _config(self) -> dict[str, Any]:
        return CONFIG | {"num_class_embeds": len(self.subject.prompts)}
