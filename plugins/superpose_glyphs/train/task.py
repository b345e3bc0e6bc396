"""Tasks: the part of training that is a model's own; the rest is the same for all and stands in ``training``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import attrs
from torch import Tensor, nn

from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.plan import Plan


@attrs.frozen
class Task(ABC):
    """A model to be trained: its network, its questions, its loss and its files.

    Attributes:
        name: What the model is called.
        plan: Its numbers, where nobody says otherwise.
        side: Pixels of a side of the images it is trained on.
        vocabulary: Classes it is trained on, None for all that there are.
        subject: What they show.
        follows: Whether it goes on from another training's weights, where they are given.
        after: Those weights; None to begin with nothing.
    """

    name: ClassVar[str]
    plan: ClassVar[Plan] = Plan()
    follows: ClassVar[bool] = False
    side: ClassVar[int] = 32
    vocabulary: ClassVar[tuple[str, ...] | None] = None
    subject: Subject = attrs.field(factory=Subject)
    after: Path | None = None

    @classmethod
    def read(cls, path: Path, plan: Plan) -> Images:
        """What it is trained on.

        Raises:
            ValueError: The data are not what this model learns from.
            OSError: They can't be read.
        """
        images, _ = Images.read(path, plan.hold_out, cls.side)
        return images if cls.vocabulary is None else images.only(cls.vocabulary)

    @abstractmethod
    def network(self) -> nn.Module:
        """A fresh network, by torch's global seed."""

    def prepare(self, network: nn.Module, images: Images) -> None:  # noqa: B027  # most tasks need none
        """Tell a fresh network what it must know of the images before it learns; for most, nothing."""

    @abstractmethod
    def batch(self, images: Images, plan: Plan, step: int) -> Any:
        """The questions of a step: everything random about it, as a function of (data, plan, step)."""

    @abstractmethod
    def loss(self, network: nn.Module, batch: Any, plan: Plan) -> Tensor:
        """Loss of the network's answers, a mean over the batch."""

    @abstractmethod
    def export(self, network: nn.Module, folder: Path) -> None:
        """Write what the model's kind reads: float16 weights and what is needed to build the network.

        Raises:
            OSError: The folder cannot be written.
        """
