"""Rows one by one, and the precision of devices."""

import torch

from superpose_operators.bound.rows import each, exact


def test_each_row_is_changed_by_itself():
    seen = []

    def change(row):
        seen.append(row.shape)
        return row.flatten()[:2] * 2

    x = torch.arange(12.0).view(3, 2, 2)
    assert each(change, x).tolist() == [[0, 2], [8, 10], [16, 18]]
    assert seen == [(2, 2)] * 3


def test_devices_have_the_precision_that_they_can():
    assert exact("cpu") == exact(torch.device("cuda", 1)) == torch.float64
    assert exact("mps") == exact(torch.device("mps")) == torch.float32
