"""Scores: the published formulas, readings against prompts, choosing, and what lies beside the images."""

import json
import math

import attrs
import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import softmax
from scipy.stats import binomtest

from superpose import Classifier, ClassifierPredictor, PromptError, RecipeError, RunError, TableSchedule, loads
from superpose.media.sheet import readings
from superpose.plugins import Registry
from superpose.search.reading import Reader, classifier_for, prompts_of
from superpose.search.scores import SCORES, Score, Scores, best, read_scores
from superpose.search.scoring import Scoring, concealment, fitted

WORDS = ("left", "right", "top", "bottom")
HEAD = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'
VIEWS = '[[view]]\nkind = "identity"\nprompt = "left"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "right"\n'


class HalvesReader(ClassifierPredictor):
    """Reads which half is dark, by how dark it is."""

    shape, device = (3, 8, 8), torch.device("cpu")

    def logits(self, x, level):
        halves = (x[:, :, :, :4], x[:, :, :, 4:], x[:, :, :4], x[:, :, 4:])
        return torch.stack([-4 * half.mean((1, 2, 3)) for half in halves], 1)


@attrs.frozen(kw_only=True)
class HalvesClassifier(Classifier):
    """Knows the four halves."""

    kind = "halves"
    shape, classes, schedule = (3, 8, 8), 4, TableSchedule.named("cosine")

    def label(self, prompt):
        if prompt not in WORDS:
            raise PromptError(f"classifier 'halves' knows no {prompt!r}")
        return WORDS.index(prompt)

    def load(self, device="cpu", dtype="float32"):
        return HalvesReader()

    def weights(self):
        return {"halves": "0" * 64}


@attrs.frozen(kw_only=True)
class LargeClassifier(HalvesClassifier):
    """The same, of another size."""

    kind = "large"
    shape = (3, 64, 64)


@pytest.fixture
def subject():
    return loads(HEAD + VIEWS).subject


def dark(*where, side=8):
    image = torch.ones(1, 3, side, side)
    image[(slice(None), slice(None), *where)] = -1
    return image


LEFT, ALL, RIGHT = dark(slice(None), slice(0, 4)), dark(), dark(slice(None), slice(4, 8))


def scored(subject, images):
    return Scoring(HalvesClassifier(), HalvesReader(), readings(subject)).scores(images)


class TestFormulas:
    def test_concealment_is_the_published_one(self):
        logits = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 3, 3)) * 3)
        want = [(np.trace(softmax(S, 0)) + np.trace(softmax(S, 1))) / (2 * 3) for S in logits.numpy()]
        assert concealment(logits).numpy() == pytest.approx(np.array(want))

    def test_an_image_that_is_read_both_ways(self, subject):
        [score] = scored(subject, LEFT)
        assert score.right == (True, True)
        likely = softmax([4, -4, 0, 0])[0]  # of the left half, upright; of the right one, turned
        assert score.each == pytest.approx((likely, likely))
        assert score.alignment == pytest.approx(likely)
        # Upright it goes with the first prompt by 4, turned with the second; with the other by -4.
        assert score.concealment == pytest.approx(1 / (1 + math.exp(-8)))

    def test_an_image_that_shows_the_other_reading(self, subject):
        [score] = scored(subject, RIGHT)
        assert score.right == (False, False)
        assert score.concealment == pytest.approx(1 - 1 / (1 + math.exp(-8)))

    def test_the_weakest_reading_counts_and_rows_stay_apart(self, subject):
        half = LEFT.clone()
        half[:, :, :4] = 0.5
        one, two = scored(subject, torch.cat([half, LEFT]))
        assert one.alignment == min(one.each) < two.alignment
        assert two == scored(subject, LEFT)[0]

    def test_one_reading_conceals_nothing(self):
        [score] = scored(loads('prompt = "left"\n' + HEAD).subject, LEFT)
        assert score.concealment is None
        assert str(score) == f"A {score.alignment:.2f}  1/1 right"

    def test_images_of_another_size_are_brought_to_that_of_the_classifier(self):
        large = dark(slice(None), slice(0, 8), side=16)
        assert fitted(large, HalvesClassifier()).shape == (1, 3, 8, 8)
        assert fitted(LEFT[:, :1], HalvesClassifier()).equal(LEFT)
        with pytest.raises(RecipeError, match=r"of 8x8 pixels and 3 channels, which those of 8x16 pixels"):
            fitted(torch.zeros(1, 3, 8, 16), HalvesClassifier())


class TestWhoReads:
    def test_one_that_knows_every_prompt_and_the_size(self):
        registry = Registry.of(HalvesClassifier, LargeClassifier)
        assert classifier_for(registry, ["left"], (3, 64, 64)) == LargeClassifier()
        with pytest.raises(RecipeError, match=r"of 3x8x8.*knows no 'up'.*name one: --classifier"):
            classifier_for(registry, ["left", "up"], (3, 8, 8))
        with pytest.raises(RecipeError, match="halves reads images of 3x8x8; large reads images of 3x64x64"):
            classifier_for(registry, ["left"], (3, 9, 9))

    def test_parts_are_read_by_what_they_should_show_and_the_whole_is_not(self):
        parts = loads(HEAD + '[decomposition]\nkind = "hybrid"\nlow = "left"\nhigh = "top"\n').subject
        assert prompts_of(parts) == ("left", "top")
        assert prompts_of(loads(HEAD + VIEWS).subject) == ("left", "right")
        with pytest.raises(RecipeError, match="asks for nothing that could be read"):
            prompts_of(loads('prompt = ""\n' + HEAD).subject)


def score(right, alignment, hidden=0.5):
    return Score(alignment, hidden, (right, True), (alignment, 1.0))


class TestChoosing:
    def test_right_ones_first_then_the_best_aligned_then_the_first_drawn(self):
        scores = {0: score(False, 0.9), 1: score(True, 0.2), 2: score(True, 0.4), 3: score(True, 0.2)}
        assert best(scores, 4) == [2, 1, 3, 0]
        assert best(scores, 2) == [2, 1]

    @pytest.fixture
    def images(self, tmp_path):
        pixels = {3: LEFT, 5: ALL, 8: RIGHT}
        for number, image in pixels.items():
            array = ((image[0] + 1) * 127.5).permute(1, 2, 0).numpy().astype(np.uint8)
            Image.fromarray(array).save(tmp_path / f"{number:04}.png")
        return {number: tmp_path / f"{number:04}.png" for number in pixels}

    def test_figures_are_of_all_that_were_drawn(self, images, subject, tmp_path):
        reader = Reader.of(subject, (3, 8, 8), HalvesClassifier())
        scores = reader.scores(images)
        kept = reader.kept(images, scores, 1)
        assert list(kept.images) == ["0003.png"]
        figures = kept.summary
        assert figures["samples"] == 3
        share = figures["all_right"]
        want = binomtest(sum(all(one.right) for one in scores.values()), 3).proportion_ci(method="wilson")
        assert share["low"] == pytest.approx(100 * want.low, abs=1e-4)
        assert share["high"] == pytest.approx(100 * want.high, abs=1e-4)
        values = sorted(one.alignment for one in scores.values())
        assert figures["alignment"]["q0.9"] == pytest.approx(values[1] + 0.8 * (values[2] - values[1]))
        assert reader.kept(images, scores).summary == figures

    def test_they_lie_beside_the_images_and_are_of_them_alone(self, images, subject, tmp_path):
        reader = Reader.of(subject, (3, 8, 8), HalvesClassifier())
        kept = reader.kept(images, reader.scores(images))
        kept.write(tmp_path)
        assert read_scores(tmp_path) == kept
        assert json.loads((tmp_path / SCORES).read_text())["summary"] == kept.summary
        images[5].write_bytes(images[3].read_bytes())
        images[8].unlink()
        assert list(read_scores(tmp_path).images) == ["0003.png"], "another image has the score of one that was there"

    def test_a_file_of_somebody_elses_is_kept(self, images, subject, tmp_path):
        (tmp_path / SCORES).write_text('{"mine": 1}')
        assert read_scores(tmp_path) is None
        reader = Reader.of(subject, (3, 8, 8), HalvesClassifier())
        with pytest.raises(RunError, match="was not written by superpose score: move it away"):
            reader.kept(images, reader.scores(images)).write(tmp_path)

    def test_the_sheet_is_told_which_reading_is_right(self, subject):
        reader = Reader.of(subject, (3, 8, 8), HalvesClassifier())
        note = reader.note(Score(0.25, 0.5, (True, False), (0.5, 0.25)))
        assert note.title == "A 0.25  C 0.50  1/2 right"
        assert note.marks == (("0.50", True), ("0.25", False))


def test_scores_of_another_form_are_none(tmp_path):
    for text in ("", "[]", '{"images": 1, "hashes": 2}', "[" * 9999):
        (tmp_path / SCORES).write_text(text)
        assert read_scores(tmp_path) is None
    assert Scores("x", {}, {}, (), {"a": score(True, 0.5)}, {}).summary["samples"] == 1
