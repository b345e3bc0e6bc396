"""Our views against the permutations that the original program makes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from superpose import make

FIXTURES = Path(__file__).parents[2] / "fixtures"
GATHER = np.load(FIXTURES / "va_b_views" / "gather.npz")

SAME = [
    ("rotate_180-64", "rotate", {"degrees": 180}),
    ("rotate_ccw-64", "rotate", {"degrees": 90}),
    ("rotate_cw-64", "rotate", {"degrees": 270}),
    ("flip-64", "flip", {}),
    *((f"{theirs}-{size}", ours, {}) for size in (64, 256) for theirs, ours in [
        ("skew", "skew"), ("inner_circle", "inner-circle"), ("square_hinge", "square-hinge")
    ]),
]  # fmt: skip


def places(size):
    return torch.arange(size * size).view(1, 1, size, size)


@pytest.mark.parametrize(("key", "kind", "options"), SAME, ids=[key for key, _, _ in SAME])
def test_every_pixel_goes_where_theirs_goes(key, kind, options):
    size = int(key.rpartition("-")[2])
    seen = make("view", kind, **options).apply(places(size)).flatten().numpy()
    moved = int((seen != GATHER[key]).sum())
    assert moved == 0, f"{kind} shows {moved} of {size * size} pixels that the original's {key} does not"


@pytest.mark.parametrize(("key", "patches"), [("patch_permute_8-64", 8), ("pixel_permute_64-64", 64)])
def test_patches_move_whole_and_unturned_as_theirs_do(key, patches):
    def offsets(sources):
        """How far each pixel of each patch came: the same for all pixels of a patch that moves whole and unturned."""
        way = np.asarray(sources).astype(int) - np.arange(64 * 64)
        side = 64 // patches
        return way.reshape(patches, side, patches, side).swapaxes(1, 2).reshape(patches * patches, -1)

    ours = make("view", "permute", patches=patches).apply(places(64)).flatten().numpy()
    for name, way in (("theirs", offsets(GATHER[key])), ("ours", offsets(ours))):
        assert (way == way[:, :1]).all(), f"{name} takes patches apart"
        assert (way[:, 0] != 0).mean() > 0.8, f"{name} leaves patches where they were"


def test_negate_is_theirs():
    fixture = np.load(FIXTURES / "va_d_linear_views" / "parts.npz")
    noise = torch.from_numpy(fixture["noise"])[None]
    view = make("view", "negate")
    assert np.array_equal(view.invert(noise)[0, :3, :20].numpy(), fixture["negate-64"])
    assert view.apply_to_variance(noise) is noise, "negate changes the variance, which theirs leaves alone"
