"""LocalBlend: masks of where words are looked at."""

import pytest
import torch

from superpose import NoiseLevel, StepInfo, Token
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.attention_edit import Settings, Told
from superpose_constraints.local_blend import changing, word_maps


def told(**settings):
    tokens = tuple(Token(word, i) for i, word in enumerate(("a", "cat")))
    return Told(Settings(local=(("cat",), ("cat",)), **settings), ("a cat", "a cat"), (tokens, tokens))


def step(index, total=10):
    level = NoiseLevel(index, 0.0, 0.6, 0.8)
    return StepInfo(level, level, index, total)


def test_the_map_of_a_word_is_the_mean_over_heads_of_the_finest_sites():
    fine, coarse = torch.rand(2, 16, 4), torch.rand(2, 4, 4)
    kept = {(0, "fine", 0): fine, (0, "coarse", 0): coarse, (0, "self", 0): torch.rand(2, 16, 16)}
    maps = word_maps(told(without=("a",)), 1, kept, kept, TinyPredictor())
    assert maps.shape == (1, 4, 4, 4)
    torch.testing.assert_close(maps[0, 0].flatten(), fine[..., 1].mean(0))
    torch.testing.assert_close(maps[0, 2].flatten(), fine[..., 0].mean(0))


def test_where_nothing_was_kept_there_are_no_maps():
    assert word_maps(told(), 1, {}, {}, TinyPredictor()) is None


def maps_at(*places):
    """Maps of 8x8 with a peak each, of source, sample, and both that stay."""
    maps = torch.full((1, 4, 8, 8), 0.1)
    for channel, place in enumerate(places):
        if place is not None:
            maps[0, channel, place[0], place[1]] = 1.0
    return maps


def test_it_changes_around_the_words_of_both():
    mask = changing(told(), maps_at((1, 1), (6, 6)), step(5), (8, 8))[0, 0]
    want = torch.zeros(8, 8)
    want[:3, :3] = want[5:, 5:] = 1
    assert torch.equal(mask, want)


def test_words_that_stay_are_cut_out_and_not_widened():
    mask = changing(told(without=("a",)), maps_at((1, 1), (6, 6), (1, 1), (1, 2)), step(5), (8, 8))[0, 0]
    assert mask[1, 1] == mask[1, 2] == 0
    assert mask[0, 0] == mask[6, 6] == 1


@pytest.mark.parametrize(("index", "kept"), [(0, False), (1, False), (2, True)])
def test_it_begins_after_a_share_of_the_steps(index, kept):
    assert (changing(told(local_start=0.2), maps_at((1, 1)), step(index), (8, 8)) is not None) == kept
