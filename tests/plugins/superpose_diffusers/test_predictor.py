"""The predictor of a pipeline: rows of its network, and the variance where it learned one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import superpose


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_twice_the_channels_are_a_learned_variance(copied: Callable[[str], Path]) -> None:
    folder = copied("dit")
    model = superpose.model("diffusers", path=folder)
    assert model.learned_variance == "learned_range"
    said = model.predict(torch.zeros(1, *model.shape), model.schedule.level(0, 9), model.condition("3").tensors)
    assert said.variance is not None
    assert said.output.shape == said.variance.shape == (1, 4, 8, 8)
    rewrite(folder / "scheduler" / "scheduler_config.json", variance_type="learned")
    assert superpose.model("diffusers", path=folder).learned_variance == "learned"
