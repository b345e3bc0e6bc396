"""Folders of pipelines, each saved once, to read or to break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

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
