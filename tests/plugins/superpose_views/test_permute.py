"""Patches in another order: the same at every size that they divide, and sizes that they don't with the cure."""

import numpy as np
import pytest
import torch

from superpose import make, problems_of
from superpose_views.permutation import shuffled


@pytest.mark.parametrize(("patches", "seed"), [(2, 0), (4, 7), (8, 1)])
@pytest.mark.parametrize("tall", [1, 3])
def test_each_place_shows_the_patch_of_the_order(patches, seed, tall):
    height, width = patches * tall, patches * 2
    x = torch.arange(float(height * width)).view(1, 1, height, width)
    shown = make("view", "permute", patches=patches, seed=seed).apply(x)
    cut = [part for row in x[0, 0].split(tall) for part in row.split(2, 1)]
    got = [part for row in shown[0, 0].split(tall) for part in row.split(2, 1)]
    for place, patch in enumerate(shuffled(patches**2, seed)):
        assert torch.equal(got[place], cut[patch]), f"place {place}"


def test_stages_agree():
    view = make("view", "permute", patches=4)
    small = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    large = small.repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert torch.equal(view.apply(large), view.apply(small).repeat_interleave(2, -1).repeat_interleave(2, -2))


def test_an_order_of_a_file(tmp_path):
    np.save(tmp_path / "order.npy", np.array([3, 2, 1, 0]))
    x = torch.arange(16.0).view(1, 1, 4, 4)
    view = make("view", "permute", patches=2, order=tmp_path / "order.npy")
    assert view.sources(2, 2).tolist() == [3, 2, 1, 0]
    assert torch.equal(view.apply(x)[..., :2, :2], x[..., 2:, 2:])


@pytest.mark.parametrize(
    ("shape", "patches", "cure"),
    [
        ((3, 32, 32), 5, "use patches = 4 or 8"),
        ((3, 30, 42), 4, "use patches = 3 or 6"),
        ((3, 32, 32), 64, "use patches = 32"),
        ((3, 7, 8), 2, "no number of patches does; use another view"),
    ],
)
def test_sizes_that_are_not_divided(shape, patches, cure):
    [problem] = problems_of(make("view", "permute", patches=patches).problems, shape)
    assert problem.option == ("patches",)
    assert problem.cure == cure
    for fitting in (int(word) for word in cure.split() if word.isdigit()):
        assert not problems_of(make("view", "permute", patches=fitting).problems, shape), fitting


def test_an_order_that_is_none_is_told_with_the_size(tmp_path):
    np.save(tmp_path / "order.npy", np.array([0, 0, 1, 2]))
    view = make("view", "permute", patches=2, order=tmp_path / "order.npy")
    options = [problem.option for problem in problems_of(view.problems, (3, 7, 7))]
    assert options == [("order",), ("patches",)]
