"""The noisy classifier in training: cross-entropy on images at every noise level."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
from torch import Tensor, nn

from superpose_glyphs.batches import Batch, Images
from superpose_glyphs.files import replacing, save_halves
from superpose_glyphs.plan import LEVELS, Plan, scales
from superpose_glyphs.reader import Reader
from superpose_glyphs.task import Task


@attrs.frozen
class Reading(Task):
    """``glyphs-classifier``: which class a noisy image shows."""

    name = "glyphs-classifier"
    plan = Plan(steps=6000, lr=2e-3)

    def network(self) -> Reader:
        """One score for each class, at first all the same."""
        network = Reader(len(self.subject.classes), side=self.side)
        nn.init.zeros_(network.linear_out.weight)
        return network

    def batch(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images, classes, noise levels, noise."""
        batch = images.batch(plan.seed, step, plan.batch, 0.0, LEVELS)
        return batch._replace(label=batch.label % len(self.subject.classes))

    def loss(self, network: nn.Module, batch: Batch, plan: Plan) -> Tensor:  # noqa: ARG002
        """The cross-entropy of the right class."""
        alpha, sigma = scales(batch.t)
        scores = network(alpha * batch.clean + sigma * batch.noise, batch.t)
        return nn.functional.cross_entropy(scores.float(), batch.label)

    def export(self, network: nn.Module, folder: Path) -> None:
        """``model.safetensors`` and the names of the classes."""
        save_halves(network.state_dict(), folder / "model.safetensors")
        with replacing(folder / "classes.json") as path:
            path.write_text(json.dumps(self.subject.classes) + "\n", encoding="utf-8")
