"""The loss of a classifier of clean images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import RecipeError, make

READER = make("classifier", "glyphs-classifier")


def test_a_classifier_is_asked_of_the_clean_image():
    loss = make("loss", "classifier", classifier=READER, label="B").bound_to((3, 32, 32))
    letter = Image.open(Path(__file__).parents[3] / "recipes" / "images" / "letter.png").convert("RGB")
    b = torch.from_numpy(np.array(letter)).permute(2, 0, 1)[None] / 127.5 - 1
    right, wrong = float(loss.of(b)), float(loss.of(b.flip(2, 3)))
    assert right < 0.1 < wrong - 1, f"{right} nats for a B, {wrong} for one upside down"
    large = b.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert float(make("loss", "classifier", classifier=READER, label="B").bound_to((3, 64, 64)).of(large)) < 0.1


def test_it_is_the_cross_entropy_of_torch():
    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    loss = make("loss", "classifier", classifier=READER, label="B").bound_to((3, 32, 32))
    with torch.no_grad():
        logits = torch.cat([loss.reader.logits(row, READER.schedule.level(0, 0)) for row in x.split(1)])
        want = torch.nn.functional.cross_entropy(logits, torch.full((3,), READER.label("B")), reduction="none")
        torch.testing.assert_close(loss.of(x), want)


def test_weights_are_read_when_it_is_asked():
    loss = make("loss", "classifier", classifier=READER, label="B").bound_to((3, 32, 32))
    assert "reader" not in vars(loss)
    loss.of(torch.zeros(1, 3, 32, 32))
    assert "reader" in vars(loss)


def test_an_unknown_class_is_refused_before_weights_are_read():
    with pytest.raises(RecipeError, match="label: .*'??'".replace("?", r"\?")):
        make("loss", "classifier", classifier=READER, label="??").bound_to((3, 32, 32))
