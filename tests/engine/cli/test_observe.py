"""superpose observe: an observation to try restoring."""

import numpy as np
import pytest
from PIL import Image

from superpose import read_image, read_observation
from superpose.cli import main


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(60, 190, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def observe(picture, *arguments, out="y.png"):
    return main(["observe", str(picture), *arguments, "--out", str(picture.parent / out)])


def test_it_writes_what_the_operator_sees(picture, capsys):
    assert observe(picture, "--operator", "block-average", "--option", "factor=2", out="y.npy") == 0
    assert capsys.readouterr().out == f"{picture.parent / 'y.npy'}\n"
    want = np.asarray(read_image(picture, (3, 8, 8))).reshape(3, 4, 2, 4, 2).mean((2, 4))
    np.testing.assert_allclose(np.load(picture.parent / "y.npy"), want, atol=1e-6)


def test_noise_is_that_of_its_seed_where_something_is_seen(picture):
    table = '{kind = "random-mask", share = 0.5}'
    made = []
    for seed in ("0", "0", "1"):
        assert observe(picture, "--operator", table, "--noise", "0.1", "--seed", seed, out="y.npy") == 0
        made.append(np.load(picture.parent / "y.npy"))
    assert observe(picture, "--operator", table, out="y.npy") == 0
    plain = np.load(picture.parent / "y.npy")
    assert (made[0] == made[1]).all()
    assert (made[0] != made[2]).any()
    assert ((made[0] == 0) == (plain == 0)).all(), "noise where nothing is seen"
    assert (made[0] - plain)[plain != 0].std() == pytest.approx(0.1, rel=0.2)


def test_a_picture_cuts_off_and_says_so(picture, capsys):
    assert observe(picture, "--operator", "grey", "--noise", "1.0") == 0
    assert (
        "of the values are beyond black and white, and were cut off: a .npy file keeps them" in capsys.readouterr().err
    )
    assert read_observation(picture.parent / "y.png", (1, 8, 8)).shape == (1, 8, 8)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--operator", "gray"), "--operator: kind: no such operator 'gray'; did you mean 'grey'"),
        (("--operator", "block-average", "--option", "fctor=2"), "--operator: fctor: unknown key"),
        (("--operator", "block-average", "--option", "factor"), "--option factor: write KEY=VALUE, such as factor=2"),
        (
            ("--operator", "block-average", "--option", "factor=3"),
            "needs a size that 3 divides, not 8x8: write one of 2",
        ),
        (("--operator", "{kind = }"), "--operator {kind = }: write the name of a kind, or a table"),
        (("--operator", "fourier"), "y.png: write a .npy file: 6x8x8 is no picture"),
        (("--operator", "grey", "--noise", "-1"), "--noise and --seed are at least 0"),
    ],
)
def test_what_is_wrong_is_told(picture, capsys, arguments, why):
    assert observe(picture, *arguments) == 2
    assert why in capsys.readouterr().err
    assert not (picture.parent / "y.png").exists()
