"""Orders of patches that a file says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from problems import told
from superpose import loads, make
from superpose.testing import check_view

GATHER = np.load(Path(__file__).parents[2] / "fixtures" / "va_b_views" / "gather.npz")
JIGSAW = np.load(Path(__file__).parents[2] / "fixtures" / "va_b_views" / "jigsaw.npz")
#: The place of each patch of a 4x4 board that is turned by a quarter.
ORDER = np.rot90(np.arange(16).reshape(4, 4)).reshape(-1)


def permute(path, patches=4):
    return make("view", "permute", patches=patches, order=path)


def ramp(order, side=6):
    """A picture of patches, the lighter the higher their number."""
    cells = (order.reshape(4, 4) * 16).astype(np.uint8)
    return Image.fromarray(np.kron(cells, np.ones((side, side), np.uint8)))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("x.npy", lambda path: np.save(path, ORDER)),
        ("board.npy", lambda path: np.save(path, ORDER.reshape(4, 4).astype(np.uint8))),
        ("x.json", lambda path: path.write_text(json.dumps(ORDER.tolist()))),
        ("rows.json", lambda path: path.write_text(json.dumps(ORDER.reshape(4, 4).tolist()))),
        ("x.txt", lambda path: path.write_text("\n".join(" ".join(map(str, row)) for row in ORDER.reshape(4, 4)))),
        ("x.csv.txt", lambda path: path.write_text(", ".join(map(str, ORDER)))),
        ("x.png", lambda path: ramp(ORDER).save(path)),
        ("x.jpg", lambda path: ramp(ORDER, 16).save(path, quality=95)),
    ],
)
@pytest.mark.parametrize("size", [4, 16, 32])
def test_an_order_means_the_same_in_every_form_and_at_every_size(tmp_path, name, write, size):
    write(tmp_path / name)
    view = permute(tmp_path / name)
    board = torch.arange(16.0).view(1, 1, 4, 4).repeat_interleave(size // 4, 2).repeat_interleave(size // 4, 3)
    assert torch.equal(view.apply(board), board.rot90(1, (2, 3)))
    check_view(view, 3, size, size)


@pytest.mark.parametrize(("key", "patches"), [("patch_permute_8-64", 8), ("pixel_permute_64-64", 64)])
def test_recorded_orders_of_the_original_are_its_views(tmp_path, key, patches):
    side = 64 // patches
    there = GATHER[key].reshape(64, 64)[::side, ::side].astype(int)
    np.save(tmp_path / "x.npy", there // 64 // side * patches + there % 64 // side)
    seen = permute(tmp_path / "x.npy", patches).apply(torch.arange(64.0 * 64).view(1, 1, 64, 64))
    assert np.array_equal(seen.flatten().numpy(), GATHER[key])


@pytest.mark.parametrize("size", [64, 256])
def test_the_hand_drawn_jigsaw_of_the_original_is_an_order_of_pixels(tmp_path, size):
    np.save(tmp_path / "x.npy", JIGSAW[f"jigsaw-{size}"])
    places = torch.arange(float(size * size)).view(1, 1, size, size)
    view = permute(tmp_path / "x.npy", size)
    assert not told(view, (3, size, size))
    assert np.array_equal(view.apply(places).flatten().numpy(), JIGSAW[f"jigsaw-{size}"])
    assert torch.equal(view.invert(view.apply(places)), places)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "x.json",
            [*range(15), 14],
            "is no order of the patches 0 to 15: patch 14 appears 2 times, and patch 15 is missing",
        ),
        ("x.json", [*range(1, 17)], "it counts from 1, and the first patch is 0: take 1 from each number"),
        ("x.json", [*range(15), 99], "there is no patch 99"),
        ("x.json", [*range(9)], "holds 9 numbers, and 4x4 patches are 16: write patches = 3"),
        ("x.json", [*range(10)], "holds 10 numbers, and 4x4 patches are 16: an order has one for each patch"),
        ("x.json", {"order": [1]}, "holds something else than whole numbers"),
        ("x.json", [0.5] * 16, "holds something else than whole numbers"),
        ("x.json", [[0, 1], [2]], "is no list of numbers in JSON"),
        ("x.txt", "1, two", "holds something else than whole numbers: .*'two'"),
        ("x.npy", "nonsense", "not a readable .npy"),
        ("x.png", "nonsense", "not an image in a format that is read"),
    ],
)
def test_what_is_no_order_is_refused_with_the_cure(tmp_path, name, content, says):
    (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    [problem] = permute(tmp_path / name).problems((3, 16, 16))
    assert problem.option == ("order",)
    assert re.search(says, problem.what), problem


def test_pictures_that_say_no_order_are_refused(tmp_path):
    ramp(np.minimum(ORDER, 14)).save(tmp_path / "x.png")
    same = sorted(int(place) for place in np.flatnonzero(ORDER >= 14))
    why = told(permute(tmp_path / "x.png"), (3, 16, 16))
    assert f"patches {same[0]} and {same[1]} (from 0, row by row) are equally light" in why
    ramp(ORDER).crop((0, 0, 22, 24)).save(tmp_path / "y.png")
    assert "is 24x22 (height x width), which 4x4 patches don't divide" in told(permute(tmp_path / "y.png"), (3, 16, 16))


def test_a_recipe_names_it(tmp_path):
    np.save(tmp_path / "x.npy", ORDER)
    text = """
        model = { kind = "glyphs" }
        scheduler = { kind = "ddim", steps = 2 }
        view = [{ kind = "permute", patches = 4, order = "x.npy", prompt = "A" }]
    """
    assert loads(text, folder=tmp_path).subject.view[0].view == permute(tmp_path / "x.npy")
