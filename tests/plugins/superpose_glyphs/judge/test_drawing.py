"""Drawings that are judged: what is asked of the network for them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from superpose import make
from superpose.testing.predictors import TinyPredictor
from superpose_glyphs.judge.drawing import PAIRS, Draw, guided
from superpose_glyphs.vocabulary import GLYPHS


def test_pairs_are_of_glyphs() -> None:
    assert len(PAIRS) == 18
    assert all(len(pair) == 2 and set(pair) <= set(GLYPHS) for pair in PAIRS)


def draw(**options: Any) -> Draw:
    return Draw(TinyPredictor(), guided("cfg", 3.0, 1.0), steps=3, each=2, **options)


def test_a_drawing_is_a_function_of_its_prompts_and_its_seed() -> None:
    images = draw().ambigram("cat", "dog")
    assert images.shape == (2, *TinyPredictor().shape)
    assert torch.equal(draw().ambigram("cat", "dog"), images)
    assert not torch.equal(draw(seed=1).ambigram("cat", "dog"), images)
    assert not torch.equal(draw().ambigram("dog", "cat"), images)


def test_the_other_reading_is_the_negative_prompt_where_that_is_asked() -> None:
    plain, against = (draw(against=one) for one in (False, True))
    assert not torch.equal(plain.ambigram("cat", "dog"), against.ambigram("cat", "dog"))
    assert torch.equal(plain.ambigram("cat", "cat"), against.ambigram("cat", "cat")), "a reading is not against itself"


def test_noise_is_new_at_every_step_as_eta_says() -> None:
    assert not torch.equal(draw(eta=1.0).glyph("cat"), draw().glyph("cat"))


def test_guidances_by_name() -> None:
    assert guided("cfg", 3.0, 0.0) == make("guidance", "cfg", scale=3.0)
    rule: Any = guided("classifier", 80.0, 0.5)
    assert (rule.kind, rule.scale, rule.keep) == ("classifier", 80.0, True)
    assert rule.base == make("guidance", "cfg", scale=0.5)
    assert rule.classifier.kind == "glyphs-classifier"
    with pytest.raises(Exception, match="neither"):
        guided("neither", 1.0, 1.0)
