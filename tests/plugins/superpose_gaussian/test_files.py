"""Distributions in files: a third of their numbers, and in half precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from superpose import RecipeError
from superpose_gaussian.files import read, write
from superpose_gaussian.fit import fitted
from superpose_gaussian.normal import Mixture
from superpose_gaussian.prompts import Described


def mixture() -> Mixture:
    generator = torch.Generator().manual_seed(0)
    normals = tuple(fitted(torch.rand(20, 3, 4, generator=generator) * 2 - 1, 2) for _ in range(3))
    return Mixture(normals, torch.tensor([0.5, 0.2, 0.3]))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """To the three digits of half precision; its covariances are the same, whichever way components point."""
    wrote = mixture()
    write(tmp_path / "new" / "folder", wrote, ("a", "b", "c"), (3, 3, 4))
    got = read(tmp_path / "new" / "folder")
    assert Described.of(tmp_path / "new" / "folder") == Described((3, 3, 4), ("a", "b", "c"))
    torch.testing.assert_close(got.shares, wrote.shares.double(), atol=1e-6, rtol=0)
    for one, other in zip(got.normals, wrote.normals, strict=True):
        torch.testing.assert_close(one.mean, other.mean, atol=1e-3, rtol=0)
        torch.testing.assert_close(one.covariance(), other.covariance(), atol=1e-3, rtol=0)
        torch.testing.assert_close(one.variances, other.variances, atol=0, rtol=1e-6)
        np.testing.assert_allclose(one.components @ one.components.T, np.eye(2), atol=1e-12)


def test_files_hold_one_channel(tmp_path: Path) -> None:
    write(tmp_path, mixture(), ("a", "b", "c"), (3, 3, 4))
    told = {name: (value.shape, value.dtype) for name, value in load_file(tmp_path / "model.safetensors").items()}
    assert told == {
        "mean": ((3, 12), np.float16),
        "components": ((3, 2, 12), np.float16),
        "variances": ((3, 2), np.float32),
        "rest": ((3,), np.float32),
        "shares": ((3,), np.float32),
    }


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(RecipeError, match=r"model\.safetensors"):
        read(tmp_path)
