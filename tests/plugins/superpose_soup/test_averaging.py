"""Averages of networks that are held in memory: the mean of every weight, and what can't be averaged refused."""

import pytest
import torch

from superpose import PromptError, RecipeError, make
from superpose_soup.averaging import averaged, misfit

GLYPHS, MOVED = make("model", "glyphs"), make("model", "glyphs-moved")


def weights(predictor):
    return dict(predictor.averaged[0].named_parameters())


def test_every_weight_is_the_mean():
    first, other = weights(GLYPHS.load()), weights(MOVED.load())
    soup = weights(averaged([GLYPHS, MOVED], [0.25, 0.75], "cpu", "float32"))
    assert first.keys() == soup.keys()
    for name, weight in soup.items():
        torch.testing.assert_close(
            weight, (first[name].double() / 4 + other[name].double() * 3 / 4).float(), rtol=0, atol=0
        )
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_equal_models_are_one_in_any_shares():
    first, soup = weights(GLYPHS.load()), weights(averaged([GLYPHS] * 3, [0.5, 0.3, 0.2], "cpu", "float32"))
    for name, weight in soup.items():
        torch.testing.assert_close(weight, first[name], rtol=1e-6, atol=0)


def test_the_mean_is_rounded_once():
    half = weights(averaged([GLYPHS, MOVED], [0.5, 0.5], "cpu", "bfloat16"))
    whole = weights(averaged([GLYPHS, MOVED], [0.5, 0.5], "cpu", "float32"))
    assert all(torch.equal(weight, whole[name].bfloat16()) for name, weight in half.items())


def test_other_networks_are_refused():
    assert misfit([GLYPHS.load("meta"), MOVED.load("meta")]) == ""
    assert "model 0 has" in misfit([GLYPHS.load("meta"), make("model", "pictograms").load("meta")])
    assert misfit([make("model", "gaussian").load()]).endswith("does not say which of its weights can be averaged")
    with pytest.raises(RecipeError, match="soup: of "):
        averaged([GLYPHS, make("model", "pictograms")], [0.5, 0.5], "cpu", "float32")


def test_a_table_in_another_order_is_refused():
    soup = averaged([GLYPHS, MOVED], [0.5, 0.5], "cpu", "float32")
    assert torch.equal(soup.condition("A").tensors["labels"], GLYPHS.load().condition("A").tensors["labels"])
    from superpose_soup.averaging import _mean_of

    rows = iter([0, 1])
    mean = _mean_of([lambda _, row=row: {"labels": torch.tensor([row])} for row in rows], [0.5, 0.5], torch.float32)
    with pytest.raises(PromptError, match="'A' is another row"):
        mean("A")


def test_features_of_prompts_are_averaged():
    from superpose_soup.averaging import _mean_of

    encoders = [lambda _, value=value: {"labels": torch.full((1, 2), value)} for value in (1.0, 3.0)]
    assert _mean_of(encoders, [0.25, 0.75], torch.float32)("A")["labels"].tolist() == [[2.5, 2.5]]
