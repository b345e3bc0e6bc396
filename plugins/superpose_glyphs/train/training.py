"""The state of a training and its one step: the same for every model."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import nn

from superpose import replacing
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.task import Task
from superpose_glyphs.train.tasks import TASKS


@attrs.define(eq=False)
class Training:
    """All state of a training run: what a checkpoint holds.

    Attributes:
        task: What is trained.
        plan: By what numbers.
        network: Its weights as they are.
        average: Its weights on average (EMA): those that are kept.
        optimizer: AdamW.
        step: Steps done.
    """

    task: Task
    plan: Plan
    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.AdamW
    step: int

    @classmethod
    def start(cls, task: Task, plan: Plan, images: Images | None = None) -> Training:
        """Before the first step; without ``images`` where a checkpoint will take its place."""
        torch.manual_seed(plan.seed)
        network = task.network().train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if images is not None:
            task.prepare(network, images)
        average = copy.deepcopy(network).requires_grad_(requires_grad=False)
        optimizer = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
        return cls(task, plan, network, average, optimizer, plan.first)

    @classmethod
    def resume(cls, path: Path, **changes: Any) -> Training:
        """The state a checkpoint holds, under its own plan but for ``changes``; without any it goes on to the bit."""
        saved = torch.load(path, weights_only=True, map_location="cpu")
        task = TASKS[saved["task"]](Subject(**saved["subject"]))
        training = cls.start(task, attrs.evolve(Plan(**saved["plan"]), **changes))
        training.network.load_state_dict(saved["model"])
        training.average.load_state_dict(saved["ema"])
        training.optimizer.load_state_dict(saved["optimizer"])
        training.step = saved["step"]
        return training

    def save(self, path: Path) -> None:
        """Write a checkpoint; an interrupted write leaves the old one."""
        state: dict[str, Any] = {"task": self.task.name, "subject": attrs.asdict(self.task.subject)}
        state |= {"plan": attrs.asdict(self.plan), "step": self.step}
        state |= {"model": self.network.state_dict(), "ema": self.average.state_dict()}
        with replacing(path) as temporary:
            torch.save(state | {"optimizer": self.optimizer.state_dict()}, temporary)

    def advance(self, images: Images) -> float:
        """One step (Algorithm 1 of Ho et al. 2020, arXiv:2006.11239, where the task is to denoise); its loss."""
        plan = self.plan
        for group in self.optimizer.param_groups:
            group["lr"] = plan.lr_at(self.step)
        batch = self.task.batch(images, plan, self.step)
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.precision == "bfloat16"):
            loss = self.task.loss(self.network, batch, plan)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        with torch.no_grad():
            # An average over as many steps as there were: the first weights are nobody's.
            kept = min(plan.ema, (self.step - plan.first) / (self.step - plan.first + 9))
            for slow, fast in zip(self.average.parameters(), self.network.parameters(), strict=True):
                slow.lerp_(fast, 1 - kept)
        return float(loss.detach())
