"""Any kernel, around the edges, and the line along which an image moved."""

import numpy as np
import pytest
import scipy.ndimage
import torch

from observing import IMAGE, observed
from problems import told
from superpose import make


def test_a_kernel_convolves_around_the_edges(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(4, 7))
    np.save(tmp_path / "kernel.npy", kernel)
    got = observed("kernel-blur", kernel=tmp_path / "kernel.npy")[0]
    want = [scipy.ndimage.convolve(channel, kernel, mode="wrap", origin=(0, 0)) for channel in IMAGE[0].numpy()]
    # SciPy's convolution counts the middle of an even length from the other side.
    np.testing.assert_allclose(got, np.stack(want), atol=1e-12)


@pytest.mark.parametrize(("degrees", "way"), [(0, (0, 1)), (90, (-1, 0)), (30, (-0.5, 3**0.5 / 2))])
def test_motion_spreads_a_point_along_its_way(degrees, way):
    point = torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    point[..., 16, 16] = 1
    spread = observed("motion-blur", point, length=9.0, degrees=degrees)[0, 0].clamp(min=0)
    places = torch.stack(torch.meshgrid(*[torch.arange(32.0) - 16] * 2, indexing="ij")).double()
    assert float(spread.sum()) == pytest.approx(1)
    along = sum(part * w for part, w in zip(places, way, strict=True))
    aside = places[0] * way[1] - places[1] * way[0]
    # A line of that length has the variance L^2 / 12 along it; bilinear weights add at most a quarter.
    assert float((spread * along).sum()) == pytest.approx(0, abs=1e-9)
    assert 81 / 12 <= float((spread * along**2).sum()) <= 81 / 12 + 0.4
    assert float((spread * aside**2).sum()) <= 0.25


def test_a_kernel_that_is_none_is_refused(tmp_path):
    for array, why in (
        (np.zeros((3, 3)), "a kernel has height and width and is not 0, got shape (3, 3)"),
        (np.ones(3), "a kernel has height and width and is not 0, got shape (3,)"),
        (np.ones((3, 17)), "the kernel is 3x17, and images of 16x16 are smaller: cut it down to the image"),
        (np.ones((17, 3)), "the kernel is 17x3, and images of 16x16 are smaller: cut it down to the image"),
    ):
        np.save(tmp_path / "kernel.npy", array)
        problem = told(make("operator", "kernel-blur", kernel=tmp_path / "kernel.npy"), (3, 16, 16))
        assert problem == f"{tmp_path / 'kernel.npy'}: {why}"
    np.save(tmp_path / "kernel.npy", np.ones((16, 16)))
    assert not told(make("operator", "kernel-blur", kernel=tmp_path / "kernel.npy"), (3, 16, 16))
    assert "no such file" in told(make("operator", "kernel-blur", kernel=tmp_path / "none.npy"), (3, 16, 16))


@pytest.mark.parametrize("size", range(1, 12))
def test_a_way_that_is_too_long_is_refused_with_one_that_fits(size):
    long = told(make("operator", "motion-blur", length=20), (3, size, 32))
    what, _, cure = long.partition(": write at most ")
    assert what == f"motion-blur along 20 pixels is longer than an image of {size}x32"
    if cure:
        assert not told(make("operator", "motion-blur", length=float(cure)), (3, size, 32))
        observed("motion-blur", torch.zeros(1, 3, size, 32), length=float(cure), degrees=90)
    else:
        assert told(make("operator", "motion-blur", length=1e-3), (3, size, 32))
