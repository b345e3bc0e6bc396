"""Scores: choosing, figures, and what lies beside the images."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from halves import ALL, HEAD, LEFT, RIGHT, VIEWS, HalvesClassifier
from superpose import RunError, loads
from superpose.search.reading import Reader
from superpose.search.scores import SCORES, Score, Scores, best, read_scores


@pytest.fixture
def subject():
    return loads(HEAD + VIEWS).subject


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


def test_scores_of_another_form_are_none(tmp_path):
    for text in ("", "[]", '{"images": 1, "hashes": 2}', "[" * 9999):
        (tmp_path / SCORES).write_text(text)
        assert read_scores(tmp_path) is None
    assert Scores("x", {}, {}, (), {"a": score(True, 0.5)}, {}).summary["samples"] == 1
