"""Prompts whose words have weights."""

import pytest
import torch

from superpose import PromptError
from superpose_networks import WeightedPrompt, load_tokenizer, token_spans, unweighted
from tiny_clip import TOKENIZER


def said(text):
    """States that tell tokens apart, and each from what is said of nothing."""
    words = text.split()
    return torch.tensor([[[float(len(words[i])), 1.0] if i < len(words) else [0.0, 0.0] for i in range(6)]])


def spans(text):
    places, end = [], 0
    for word in text.split():
        start = text.index(word, end)
        places.append((start, end := start + len(word)))
    return places


@pytest.mark.parametrize(
    ("prompt", "text", "weights"),
    [
        ("a cat", "a cat", [1, 1]),
        ("(a cat:1.3) on a mat", "a cat on a mat", [1.3, 1.3, 1, 1, 1]),
        ("a (small cat: .7) on (mats : -2 )", "a small cat on mats ", [1, 0.7, 0.7, 1, -2]),
        ("(a (small:2) cat:1.5)", "a small cat", [1.5, 3, 1.5]),
        ("(cat:0)", "cat", [0]),
    ],
)
def test_weights_are_read(prompt, text, weights):
    read = WeightedPrompt.of(prompt)
    assert read.text == text
    assert read.of_tokens(spans(text)) == weights
    assert (read.marked is None) == (prompt == text)


@pytest.mark.parametrize("prompt", ["a cat (one of two) at 1:30", "a clock that shows (1:30", "scale 1:2", "", "(:2)"])
def test_other_brackets_and_colons_are_words(prompt):
    assert WeightedPrompt.of(prompt) == WeightedPrompt(prompt, (1.0,) * len(prompt))


@pytest.mark.parametrize("weight", [-1.0, 0.0, 0.5, 1.0, 1.3, 4.0])
def test_a_word_is_mixed_with_nothing(weight):
    got = WeightedPrompt.of(f"a (cat:{weight}) here").told(said, spans)
    plain, nothing = said("a cat here"), said("")
    want = plain.clone()
    want[:, 1] = nothing[:, 1] + weight * (plain[:, 1] - nothing[:, 1])
    torch.testing.assert_close(got, want)
    assert torch.equal(got[:, 0], plain[:, 0]), "a word without a weight is what it was, to the bit"
    assert weight != 1 or torch.equal(got, plain)


def test_a_word_of_no_weight_is_what_nothing_is():
    assert torch.equal(WeightedPrompt.of("(a cat:0)").told(said, spans)[:, :2], said("")[:, :2])


def test_a_weight_that_ends_inside_of_a_word_is_refused():
    with pytest.raises(PromptError, match="a weight ends inside of 'cats', which is one word to the text encoder: put"):
        WeightedPrompt.of("two (cat:1.3)s").told(said, spans)


def test_words_that_are_told_apart_have_no_weights():
    assert unweighted("a cat (one)") == "a cat (one)"
    with pytest.raises(PromptError, match=r"'\(cat:2\)' gives words a weight, and here they are told apart as they"):
        unweighted("a (cat:2)")


def test_tokens_of_transformers_are_found():
    tokenizer = load_tokenizer(TOKENIZER)
    text = "a cat, on a mat"
    found = token_spans(tokenizer, text, 77)
    assert found[0] == found[-1] == (0, 0), "its beginning and its end stand nowhere"
    assert "".join(text[start:end] for start, end in found) == text.replace(" ", "")
    assert len(token_spans(tokenizer, text, 4)) == 4
    with pytest.raises(PromptError, match="leave them out"):
        token_spans(object(), text, 77)
