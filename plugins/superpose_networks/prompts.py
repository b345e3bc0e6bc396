"""Prompts that are longer than what a network reads."""

from __future__ import annotations

import warnings
from typing import Any

from superpose import Notice


def tell_of_lost_words(tokenizer: Any, prompt: str, length: int) -> None:
    """Tell (by a `Notice`) which words of a prompt a network does not see; nothing where it sees all.

    Arguments:
        tokenizer: Of transformers; it ends a prompt with one token of its own.
        prompt: The prompt.
        length: Tokens that the network reads, that one included.
    """
    fast = bool(getattr(tokenizer, "is_fast", False))
    whole = tokenizer(prompt, truncation=False, verbose=False, return_offsets_mapping=fast)
    numbers = whole["input_ids"]
    if len(numbers) <= length:
        return
    if fast:  # from the beginning of the word that is cut
        first = whole["offset_mapping"][length - 1][0]
        lost = prompt[len(prompt[: first + 1].rstrip().rpartition(" ")[0]) :].strip()
    else:
        lost = tokenizer.decode(numbers[length - 1 :], skip_special_tokens=True)
    warnings.warn(f"the model reads {length} tokens of a prompt, and does not see {lost!r}", Notice, stacklevel=2)
