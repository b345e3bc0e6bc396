"""What of a prompt a network does not see."""

import warnings

import pytest

from superpose import Notice
from superpose_networks import tell_of_lost_words


class Words:
    """A tokenizer whose tokens are words, and which doesn't tell where they stand."""

    def __call__(self, prompt, **_):
        self.last = prompt.split()
        return {"input_ids": list(range(len(self.last))), "special_tokens_mask": [0] * len(self.last)}

    def decode(self, numbers, **_):
        return " ".join(self.last[number] for number in numbers)


def test_words_that_are_too_many_are_told():
    with pytest.warns(Notice, match=r"the model reads 3 tokens of a prompt, and does not see 'on a mat'"):
        tell_of_lost_words(Words(), "a cat sits on a mat", 3)


@pytest.mark.parametrize("prompt", ["a cat on a mat", ""])
def test_nothing_is_told_of_what_is_seen(prompt):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tell_of_lost_words(Words(), prompt, 5)
