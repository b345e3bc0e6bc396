"""Haar bands: orthogonal projections on every size."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import make


@given(height=st.integers(4, 20), width=st.integers(4, 20), bands=st.integers(2, 3), seed=st.integers(0, 2**16))
def test_parts_are_orthogonal_projections(height, width, bands, seed):
    rule = make("decomposition", "haar", bands=bands)
    x = torch.randn(1, 2, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    parts = rule.split(x)
    for i, (name, part) in enumerate(zip(rule.names, parts, strict=True)):
        torch.testing.assert_close(rule.part(name)(part), part)
        for other in parts[:i]:
            assert abs(float((part * other).sum())) < 1e-9 * x.numel()


def test_the_coarsest_is_a_mosaic():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    coarse, fine = make("decomposition", "haar", bands=2).split(x)
    assert coarse[0, 0].tolist() == [[2.5, 2.5, 4.5, 4.5]] * 2 + [[10.5, 10.5, 12.5, 12.5]] * 2
    assert torch.equal(coarse + fine, x)
