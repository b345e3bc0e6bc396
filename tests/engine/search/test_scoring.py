"""Scoring: the published formulas, views against prompts, and images at the size that is read."""

import math

import numpy as np
import pytest
import torch
from scipy.special import softmax

from halves import ALL, HEAD, LEFT, RIGHT, VIEWS, HalvesClassifier, HalvesReader, dark
from superpose import RecipeError, loads
from superpose.media.sheet import readings
from superpose.search.scoring import ROWS, Scoring, concealment, fitted


@pytest.fixture
def subject():
    return loads(HEAD + VIEWS).subject


def scored(subject, images):
    return Scoring(HalvesClassifier(), HalvesReader(), readings(subject)).scores(images)


def test_concealment_is_the_published_one():
    logits = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 3, 3)) * 3)
    want = [(np.trace(softmax(S, 0)) + np.trace(softmax(S, 1))) / (2 * 3) for S in logits.numpy()]
    assert concealment(logits).numpy() == pytest.approx(np.array(want))


def test_an_image_that_is_read_both_ways(subject):
    [score] = scored(subject, LEFT)
    assert score.right == (True, True)
    likely = softmax([4, -4, 0, 0])[0]  # of the left half, upright; of the right one, turned
    assert score.each == pytest.approx((likely, likely))
    assert score.alignment == pytest.approx(likely)
    # Upright it goes with the first prompt by 4, turned with the second; with the other by -4.
    assert score.concealment == pytest.approx(1 / (1 + math.exp(-8)))


def test_an_image_that_shows_the_other_reading(subject):
    [score] = scored(subject, RIGHT)
    assert score.right == (False, False)
    assert score.concealment == pytest.approx(1 - 1 / (1 + math.exp(-8)))


def test_the_weakest_reading_counts_and_rows_stay_apart(subject):
    half = LEFT.clone()
    half[:, :, :4] = 0.5
    one, two = scored(subject, torch.cat([half, LEFT]))
    assert one.alignment == min(one.each) < two.alignment
    assert two == scored(subject, LEFT)[0]


def test_readings_that_differ_are_scored_by_the_weaker():
    text = HEAD + '[[view]]\nkind = "identity"\nprompt = "left"\n[[view]]\nkind = "rotate"\nprompt = "top"\n'
    [score] = scored(loads(text).subject, LEFT)
    strong, weak = softmax([4, -4, 0, 0])[0], softmax([-4, 4, 0, 0])[2]
    assert score.each == pytest.approx((strong, weak))
    assert score.alignment == pytest.approx(weak)
    assert score.right == (True, False)


def test_one_reading_conceals_nothing():
    [score] = scored(loads('prompt = "left"\n' + HEAD).subject, LEFT)
    assert score.concealment is None
    assert str(score) == f"A {score.alignment:.2f}  1/1 right"


def test_images_of_another_size_are_brought_to_that_of_the_classifier():
    large = dark(slice(None), slice(0, 8), side=16)
    assert fitted(large, HalvesClassifier()).shape == (1, 3, 8, 8)
    assert fitted(LEFT[:, :1], HalvesClassifier()).equal(LEFT)
    with pytest.raises(RecipeError, match=r"of 8x8 pixels and 3 channels, which those of 8x16 pixels"):
        fitted(torch.zeros(1, 3, 8, 16), HalvesClassifier())


def test_alignment_is_that_of_the_reader_and_not_always_a_probability(subject):
    class Cosines(HalvesReader):
        def alignment(self, logits):
            return logits / 100

    [score] = Scoring(HalvesClassifier(), Cosines(), readings(subject)).scores(LEFT)
    assert score.each == pytest.approx((0.04, 0.04))
    assert score.right == (True, True)


def test_many_images_are_read_some_at_once_and_each_as_alone(subject):
    blocks = []

    class Counting(HalvesReader):
        def logits(self, x, level):
            blocks.append(len(x))
            return super().logits(x, level)

    images = torch.cat([LEFT, RIGHT] * (ROWS // 2) + [ALL])
    scores = Scoring(HalvesClassifier(), Counting(), readings(subject)).scores(images)
    assert blocks == [ROWS, 1, ROWS, 1], "of each of two readings"
    assert (scores[0], scores[1], scores[-1]) == tuple(scored(subject, one)[0] for one in (LEFT, RIGHT, ALL))


def test_images_are_read_at_no_noise(subject):
    class Clean(HalvesReader):
        def logits(self, x, level):
            assert level.t == 0
            assert not torch.is_grad_enabled()
            return super().logits(x, level)

    assert len(Scoring(HalvesClassifier(), Clean(), readings(subject)).scores(LEFT)) == 1
