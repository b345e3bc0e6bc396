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


#: What a turn by right angles and a mirror are, in NumPy's words.
PLAIN = [
    ("rotate_180", "rotate", {"degrees": 180}, lambda board: np.rot90(board, 2)),
    ("rotate_ccw", "rotate", {"degrees": 90}, lambda board: np.rot90(board, 1)),
    ("rotate_cw", "rotate", {"degrees": 270}, lambda board: np.rot90(board, 3)),
    ("flip", "flip", {}, np.flipud),
]


@pytest.mark.parametrize(("key", "kind", "options", "plain"), PLAIN, ids=[key for key, *_ in PLAIN])
def test_turns_and_mirrors_are_theirs_at_every_size(key, kind, options, plain):
    """Theirs were recorded at 64 alone; they are these maps there, and ours are these maps at 64, 256 and between."""
    assert np.array_equal(plain(np.arange(64 * 64).reshape(64, 64)).reshape(-1), GATHER[f"{key}-64"])
    for size in (64, 65, 128, 256):
        seen = make("view", kind, **options).apply(places(size))[0, 0].numpy()
        assert np.array_equal(seen, plain(np.arange(size * size).reshape(size, size)))


def test_every_recorded_view_is_compared():
    patched = {"patch_permute_8-64", "pixel_permute_64-64"}
    assert {key for key, _, _ in SAME} | patched == set(GATHER)


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
    # The image at 256 is a formula: see the fixture's page.
    k, i, j = np.meshgrid(np.arange(3), np.arange(24), np.arange(24), indexing="ij")
    large = np.sin(0.05 * (k + 1) * i + 0.11 * j) + np.cos(0.013 * i * j / 16 + k)
    seen = view.invert(torch.from_numpy(large.astype(np.float32))[None])[0].numpy()
    np.testing.assert_allclose(seen, fixture["negate-256_crop"], rtol=1e-4, atol=4e-5)
    assert view.apply_to_variance(noise) is noise, "negate changes the variance, which theirs leaves alone"
