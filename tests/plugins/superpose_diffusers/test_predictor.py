"""The predictor of a pipeline: rows of its network, and the variance where it learned one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import superpose
import tiny_pipelines


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of pipelines, each made once."""
    root = tmp_path_factory.mktemp("pipelines")

    def folder(name: str) -> Path:
        path = root / name.replace(" ", "-")
        if not path.exists():
            tiny_pipelines.save(name, path)
        return path

    return folder


@pytest.fixture
def copied(saved: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """Folders to break."""

    def folder(name: str) -> Path:
        return Path(shutil.copytree(saved(name), tmp_path / "copy"))

    return folder


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
