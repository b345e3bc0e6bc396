"""Alignment of words: what each token of a prompt takes from another prompt."""

import pytest
import torch

from superpose import RecipeError, Token
from superpose_constraints.word_alignment import places_of, refined, replaced


def tokens(prompt):
    """A token a letter, between two marks, as tokenizers cut rare words."""
    words = prompt.split()
    return (Token("<"), *(Token(letter, i) for i, word in enumerate(words) for letter in word), Token(">"))


@pytest.mark.parametrize("align", [replaced, refined])
def test_a_prompt_takes_itself_from_itself(align):
    found = align(tokens("red cat"), tokens("red cat"), 12)
    assert torch.equal(found.shares, torch.eye(12))
    assert torch.equal(found.known, torch.ones(12))
    told, own = torch.rand(2, 5, 12), torch.rand(2, 5, 12)
    assert torch.equal(found.of(told, own), told)


def test_a_word_shares_what_the_word_in_its_place_has():
    """<, a, o, x, b, > and then padding: 'ox' is replaced by 'cat', of three tokens."""
    found = replaced(tokens("a ox b"), tokens("a cat b"), 8)
    assert found.shares[:, 1].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    for place in (2, 3, 4):
        torch.testing.assert_close(found.shares[:, place], torch.tensor([0, 0, 1, 1, 0, 0, 0, 0]) / 3)


def test_new_tokens_keep_their_own():
    found = refined(tokens("a cat"), tokens("a red cat"), 10)
    assert found.known.tolist() == [1, 1, 0, 0, 0, 1, 1, 1, 1, 1]
    assert [int(found.shares[:, place].argmax()) for place in (0, 1, 5, 6, 7, 8)] == [0, 1, 2, 3, 4, 5]
    told, own = torch.rand(1, 10), torch.rand(1, 10)
    mixed = found.of(told, own)
    assert torch.equal(mixed[:, 2:5], own[:, 2:5])
    assert torch.equal(mixed[:, 5], told[:, 2])


def test_the_places_of_words():
    told = tokens("a cat a")
    assert places_of(told, "a cat a", ["a"]) == [1, 5]
    assert places_of(told, "a cat a", ["cat", "a"]) == [2, 3, 4, 1, 5]
    with pytest.raises(RecipeError, match="there is no word 'dog' in 'a cat a': write one of a, cat"):
        places_of(told, "a cat a", ["dog"])
