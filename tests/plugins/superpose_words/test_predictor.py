"""A canvas of letters is what the network of letters makes of each, whatever stands beside it."""

import pytest
import torch

import superpose
from superpose.testing import check_predictor


@pytest.fixture(scope="module")
def letter():
    return superpose.model("glyphs")


@pytest.fixture(scope="module")
def word():
    return superpose.make("model", "word", letters=2, model=superpose.make("model", "glyphs")).load()


def test_it_keeps_the_laws_of_predictors(word):
    check_predictor(word, prompts=("AV", ""))


def test_each_column_is_what_its_letter_alone_would_be(word, letter):
    x = torch.randn(3, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    level = word.schedule.level(0, 400)
    found = word.predict(x, level, word.gather([word.condition("pq")] * 3)).output
    for column, prompt in zip((0, 1), "pq", strict=True):
        mine = x[..., 32 * column :][..., :32].contiguous()
        wanted = letter.predict(mine, level, letter.gather([letter.condition(prompt)] * 3)).output
        assert (found[..., 32 * column :][..., :32] - wanted).abs().max() < 1e-4, prompt


def test_a_column_does_not_depend_on_its_neighbour(word):
    x = torch.randn(1, 3, 32, 64, generator=torch.Generator().manual_seed(1))
    other = torch.cat([x[..., :32], -x[..., 32:]], -1)
    level = word.schedule.level(0, 400)
    first = word.predict(x, level, word.gather([word.condition("pq")])).output
    second = word.predict(other, level, word.gather([word.condition("pd")])).output
    assert torch.equal(first[..., :32], second[..., :32])
    assert not torch.equal(first[..., 32:], second[..., 32:])


def test_no_word_is_letters_of_which_nothing_is_said(word, letter):
    tensors = word.condition("").tensors
    [(name, value)] = letter.condition("").tensors.items()
    assert tensors.keys() == {f"0:{name}", f"1:{name}"}
    assert all(torch.equal(it, value) for it in tensors.values())
