"""Our decompositions against the original program's, and what they mean."""

from pathlib import Path

import numpy as np
import pytest
import torch

from superpose import make

PARTS = np.load(Path(__file__).parents[2] / "fixtures" / "va_d_linear_views" / "parts.npz")
SAME = [
    ("low_pass", "hybrid", {"sigma": 2.0}, "low"),
    ("high_pass", "hybrid", {"sigma": 2.0}, "high"),
    ("low_pass_3", "hybrid", {"sigma": 3.0}, "low"),
    ("grayscale", "colour", {}, "grey"),
    ("color", "colour", {}, "colour"),
    ("triple_low_pass", "triple-hybrid", {}, "low"),
    ("triple_medium_pass", "triple-hybrid", {}, "middle"),
    ("triple_high_pass", "triple-hybrid", {}, "high"),
    ("motion", "motion", {}, "moving"),
    ("motion_res", "motion", {}, "still"),
]


def formula(size):
    k, i, j = np.meshgrid(np.arange(3), np.arange(size), np.arange(size), indexing="ij")
    x = np.sin(0.05 * (k + 1) * i + 0.11 * j) + np.cos(0.013 * i * j / 16 + k)
    return torch.from_numpy(x.astype(np.float32))[None]


@pytest.mark.parametrize(("key", "kind", "options", "name"), SAME, ids=[key for key, *_ in SAME])
def test_parts_are_theirs(key, kind, options, name):
    part = make("decomposition", kind, **options).part(name)
    small = part(torch.from_numpy(PARTS["noise"][:3])[None])[0, :, :20].numpy()
    large = part(formula(256))[0, :, :24, :24].numpy()
    for got, where, atol in ((small, "64", 2e-5), (large, "256_crop", 4e-5)):
        want = PARTS[f"{key}-{where}"]
        off = (np.abs(got - want) - 1e-4 * np.abs(want)).max()
        assert off <= atol, f"{kind} {name} at {where} is {off:.2e} off"
