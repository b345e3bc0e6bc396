"""What of a prompt a network does not see."""

import warnings

import pytest

from superpose import Notice
from superpose_networks import tell_of_lost_words


def words(prompt, **_):
    """A tokenizer whose tokens are words."""
    count = len(prompt.split())
    return {"input_ids": list(range(count)), "special_tokens_mask": [0] * count}


@pytest.mark.parametrize("prompt", ["(a cat:1.3) on a mat", "a mat with (one small cat: .7)"])
def test_weights_in_brackets_are_told_to_be_words(prompt):
    with pytest.warns(Notice, match=r"the model reads '\(.*cat.*\)' as words, brackets and number too"):
        tell_of_lost_words(words, prompt, 16)


@pytest.mark.parametrize("prompt", ["a cat (one of two) at 1:30", "a clock that shows (1:30", "scale 1:2", ""])
def test_other_brackets_and_colons_are_words_to_everybody(prompt):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tell_of_lost_words(words, prompt, 16)
