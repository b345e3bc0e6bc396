"""The judge itself: what it learns, and what is measured with its features."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch

from made_glyphs import some_images
from superpose_glyphs.judge.network import Judge, distance, look, same, shown, train
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.vocabulary import class_of


def test_cases_count_as_one() -> None:
    asked = torch.tensor([class_of(one) for one in "aoOIx"])
    read = torch.tensor([class_of(one) for one in "A00lX"])
    assert same(read, asked).tolist() == [True, True, True, False, True]


def test_distance_of_normal_features() -> None:
    a = torch.randn(20_000, 8, generator=torch.Generator().manual_seed(0))
    assert distance(a, a) == pytest.approx(0, abs=1e-6)
    assert distance(a, 3 * a + 1) == pytest.approx(8 * (1 + 4), rel=0.02)  # |shift|^2 + sum of (3 - 1)^2


def test_distance_is_frechets() -> None:
    """With SciPy's root of the product of both covariances."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)), rng.normal(size=(90, 5)) + 0.5
    one, other = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(one @ other).real
    want = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one + other - 2 * root)
    assert distance(torch.from_numpy(a), torch.from_numpy(b)) == pytest.approx(want, rel=1e-6)


def test_of_some_words_the_likeliest_is_read() -> None:
    judge, images = Judge(("cat", "dog", "owl")).eval(), torch.randn(9, 3, 32, 32)
    with torch.inference_mode():
        judge.head.bias[1] += 10
        scores = judge.head(judge(images))
    assert (look(judge, images)[1] == 1).all(), "every image is a dog to it"
    assert torch.equal(look(judge, images, ("cat", "owl"))[1], 2 * scores[:, [0, 2]].argmax(1))
    assert torch.equal(look(judge, images, judge.classes)[1], look(judge, images)[1])


def test_look_gives_features_and_readings() -> None:
    features, read = look(Judge().eval(), torch.randn(3, 3, 32, 32))
    assert features.shape == (3, 128)
    assert read.shape == (3,)


def test_larger_images_are_made_smaller_first() -> None:
    judge, x = Judge(("a", "b")).eval(), torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    large = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    with torch.no_grad():
        torch.testing.assert_close(judge(large), judge(x))
    assert judge.head(judge(x)).shape == (2, 2)


def test_images_are_shown_with_their_classes_and_moved_where_they_may_be() -> None:
    images, rows = some_images(), np.array([3, 20, 3])
    still, labels = shown(images, rows, np.random.default_rng(0))
    assert labels.tolist() == images.labels[rows].tolist()
    assert still.shape == (3, 3, 32, 32)
    moved, again = shown(images, rows, np.random.default_rng(0), Freedom(shift=0.3))
    assert torch.equal(again, labels)
    assert not torch.equal(moved, still)


def test_it_learns_what_it_is_shown() -> None:
    torch.manual_seed(0)
    images, judge = some_images(count=4), Judge()
    clean, labels = shown(images, np.arange(4), np.random.default_rng(0))

    def loss() -> float:
        with torch.no_grad():
            return float(torch.nn.functional.cross_entropy(judge.head(judge(clean)), labels))

    before = judge.eval() and loss()
    train(judge, images, 6, batch=8)
    assert not judge.training
    assert loss() < 0.7 * before
