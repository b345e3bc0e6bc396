"""Every loss keeps the laws, and those of files say what does not fit."""

import tempfile
from pathlib import Path

import pytest

import tiny_clip
from problems import told
from superpose import make
from superpose.plugins import load_plugins
from superpose.testing import check_loss

GLYPHS = {"kind": "glyphs-classifier"}
CLIP = Path(tempfile.mkdtemp()) / "clip"


def made(kind, picture):
    told = {
        "classifier": {"classifier": make("classifier", "glyphs-classifier"), "label": "B"},
        "distance": {"image": picture},
        "edges": {"image": picture},
        "clip": {"path": CLIP, "text": "cat"},
    }
    return make("loss", kind, **told.get(kind, {}))


@pytest.mark.parametrize("kind", load_plugins().kinds("loss"))
def test_it_keeps_the_laws(kind, picture):
    if kind == "clip":
        tiny_clip.written(CLIP)
    check_loss(made(kind, picture))


def test_what_does_not_fit_is_told_with_the_cure(picture):
    assert "picture.png: is 32x32" in told(made("distance", picture), (3, 8, 8))
    assert "picture.png: is 32x32" in told(made("edges", picture), (3, 8, 8))
    assert told(made("colour", None), (1, 8, 8)) == (
        "images of 1 channels have no red, green and blue: use a model of colours"
    )
    assert "which those of (3, 8, 9) can't be brought to: use one of" in told(made("classifier", None), (3, 8, 9))
    unknown = make("loss", "classifier", classifier=make("classifier", "glyphs-classifier"), label="??")
    assert "'??'" in told(unknown, (3, 32, 32))
    factor = make("operator", "block-average", factor=5)
    assert "needs a size that 5 divides" in told(make("loss", "distance", image=picture, operator=factor), (3, 8, 8))
    with pytest.raises(Exception, match="'bright' is no colour: write it as #rrggbb"):
        make("loss", "colour", colour="bright")
