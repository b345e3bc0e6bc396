r"""The noisy classifier in training: cross-entropy on images at every noise level, and on the worst ones near them.

A classifier that only ever saw glyphs is content with drawings that nobody else can read, and its gradient leads there.
So it learns on images that were moved against it (Madry et al. 2018, arXiv:1706.06083), by which its gradient comes to
show what people see; for guidance see Kawar et al. (2022, arXiv:2208.08664):

.. math::
    \min_\theta\, \max_{\lVert \delta \rVert \le r} -\log p_\theta(y | \alpha_t (x_0 + \delta) + \sigma_t \epsilon)

with r spread evenly between 0 and the plan's ``attack``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar, NamedTuple

import attrs
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from superpose import replacing
from superpose_glyphs.captions import WORDS
from superpose_glyphs.reader import Reader, load_reader
from superpose_glyphs.train.batches import Batch, Images
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.train.plan import LEVELS, Plan, scales
from superpose_glyphs.train.task import Task
from superpose_glyphs.vision import VisionReader

#: Steps of an attack, and the share of its reach that each goes.
STRIDES, STRIDE = 3, 0.6


class Questions(NamedTuple):
    """One step's questions.

    Attributes:
        noisy: Images, shape (N, 3, H, W).
        label: Their classes, shape (N,).
        t: Their noise levels, shape (N,).
        reach: How far each may be moved against the classifier, shape (N, 1, 1, 1).
    """

    noisy: Tensor
    label: Tensor
    t: Tensor
    reach: Tensor


def attacked(network: nn.Module, questions: Questions) -> Tensor:
    """The images, each moved within its reach to where it is read worst, by steepest ascent."""
    moved = torch.zeros_like(questions.noisy)
    for _ in range(STRIDES):
        tried = (questions.noisy + moved).requires_grad_()
        loss = nn.functional.cross_entropy(network(tried, questions.t).float(), questions.label, reduction="sum")
        (slope,) = torch.autograd.grad(loss, tried)
        moved += STRIDE * questions.reach * slope / _length(slope)
        moved *= (questions.reach / _length(moved)).clamp(max=1)
    return questions.noisy + moved


def _length(images: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(images, dim=(1, 2, 3), keepdim=True)
    return length.clamp(min=1e-12)


@attrs.frozen
class Reading(Task):
    """``glyphs-classifier``: which class a noisy image shows."""

    name = "glyphs-classifier"
    plan = Plan(steps=6000, lr=2e-3)
    follows = True
    reader: ClassVar[type[Reader | VisionReader]] = Reader

    def network(self) -> Reader | VisionReader:
        """One score for each class: at first all the same, or as it was left ``after``."""
        network = self.fresh()
        nn.init.zeros_(network.linear_out.weight)
        if self.after is not None:
            network.load_state_dict(load_reader(self.after, side=self.side).state_dict())
        return network

    def fresh(self) -> Reader | VisionReader:
        """A network that knows nothing."""
        return self.reader(len(self.subject.classes), side=self.side)

    def batch(self, images: Images, plan: Plan, step: int) -> Questions:
        """Noisy images, classes, noise levels, and how far each may be moved."""
        batch = self.shown(images, plan, step)
        alpha, sigma = scales(batch.t)
        share = np.random.default_rng([plan.seed, step, 2]).random((plan.batch, 1, 1, 1), dtype=np.float32)
        noisy, reach = alpha * batch.clean + sigma * batch.noise, plan.attack * alpha * torch.from_numpy(share)
        return Questions(noisy, batch.label % len(self.subject.classes), batch.t, reach)

    def shown(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images, classes, noise levels, noise."""
        return images.batch(plan.seed, step, plan.batch, 0.0, LEVELS)

    def loss(self, network: nn.Module, batch: Questions, plan: Plan) -> Tensor:
        """The cross-entropy of the right class."""
        # Of heads so small the plain way costs a CPU less than the one that spares memory.
        with sdpa_kernel(SDPBackend.MATH):
            noisy = attacked(network, batch) if plan.attack else batch.noisy
            return nn.functional.cross_entropy(network(noisy, batch.t).float(), batch.label)

    def export(self, network: nn.Module, folder: Path) -> None:
        """``model.safetensors`` and the names of the classes."""
        save_halves(network.state_dict(), folder / "model.safetensors")
        with replacing(folder / "classes.json") as path:
            path.write_text(json.dumps(self.subject.classes) + "\n", encoding="utf-8")


@attrs.frozen
class ReadingPictograms(Reading):
    """``pictograms-classifier``: which word a noisy pictogram stands for, wherever it stands."""

    name = "pictograms-classifier"
    side = 64
    vocabulary = WORDS
    freedom = Freedom()

    def shown(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images moved, of each word as many as the square root of what there are."""
        rng = np.random.default_rng([plan.seed, step, 3])
        moved = images.moved(images.evenly(rng, plan.batch), self.freedom, rng)
        return moved.batch(plan.seed, step, plan.batch, 0.0, LEVELS)


@attrs.frozen
class SeeingPictograms(ReadingPictograms):
    """``pictograms-vit``: the same by a Vision Transformer, to compare."""

    name = "pictograms-vit"
    plan = Plan(steps=6000, lr=1e-3)
    reader = VisionReader
