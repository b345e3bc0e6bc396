"""The space of given components, and the rest."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from problems import told
from superpose import make
from superpose.testing import check_decomposition

SIZE = 2, 4, 3


@pytest.fixture
def basis():
    """Three components, and a fourth that the others make up."""
    rows = np.random.default_rng(0).standard_normal((3, *SIZE))
    return np.concatenate([rows, rows[:1] * 2 - rows[1:2]])


def saved(path, rows):
    if path.suffix == ".npy":
        np.save(path, rows)
    else:
        save_file({"components": torch.from_numpy(rows)}, path)
    return make("decomposition", "principal", components=path)


@pytest.mark.parametrize("name", ["rows.npy", "rows.safetensors"])
def test_it_is_the_orthogonal_projection(tmp_path, basis, name):
    rule = saved(tmp_path / name, basis)
    x = torch.randn(2, *SIZE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inside, outside = rule.split(x)
    rows = torch.from_numpy(basis[:3].reshape(3, -1))
    want = torch.linalg.lstsq(rows.T, x.flatten(1).T).solution.T @ rows
    torch.testing.assert_close(inside.flatten(1), want, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(outside.flatten(1) @ rows.T, torch.zeros(2, 3).double(), atol=1e-5, rtol=0)


def test_it_is_a_lawful_decomposition(tmp_path, basis):
    check_decomposition(saved(tmp_path / "flat.npy", basis.reshape(4, -1)), *SIZE)


def test_a_sample_of_many_is_the_sample_alone(tmp_path, basis):
    inside = saved(tmp_path / "rows.npy", basis).part("inside")
    x = torch.randn(5, *SIZE, generator=torch.Generator().manual_seed(0))
    assert torch.equal(inside(x)[3:4], inside(x[3:4]))


def test_what_is_no_basis_is_refused(tmp_path, basis):
    components = "has shape 4x2x4x3, and components of this model's images have Kx3x8x8"
    assert components in told(saved(tmp_path / "a.npy", basis), (3, 8, 8))
    assert "span nothing" in told(saved(tmp_path / "b.npy", basis * 0), SIZE)
    assert "span every image" in told(saved(tmp_path / "c.npy", np.eye(24)), SIZE)
    (tmp_path / "d.npy").write_bytes(b"\x93NUMPY nothing")
    assert "not a readable .npy" in told(make("decomposition", "principal", components=tmp_path / "d.npy"), SIZE)
    np.save(tmp_path / "e.npy", np.array([{"code": 1}], dtype=object), allow_pickle=True)
    assert "not a readable .npy" in told(make("decomposition", "principal", components=tmp_path / "e.npy"), SIZE)
