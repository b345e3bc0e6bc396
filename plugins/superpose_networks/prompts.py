"""Prompts that are longer than what a network reads."""

from __future__ import annotations

import warnings
from typing import Any

from superpose import Notice


def tell_of_lost_words(tokenizer: Any, prompt: str, length: int, reader: str = "the model") -> None:
    """Tell (by a `Notice`) which words of a prompt a network does not see; nothing where it sees all.

    Arguments:
        tokenizer: Of transformers.
        prompt: The prompt.
        length: Tokens that the network reads, those included that the tokenizer adds.
        reader: Who reads them, for the message.
    """
    fast = bool(getattr(tokenizer, "is_fast", False))
    whole = tokenizer(
        prompt, truncation=False, verbose=False, return_special_tokens_mask=True, return_offsets_mapping=fast
    )
    numbers = whole["input_ids"]
    if len(numbers) <= length:
        return
    added = (*reversed(whole["special_tokens_mask"]), 0).index(0)  # at the end, where a cut prompt has them as well
    if fast:  # from the beginning of the word that is cut
        first = whole["offset_mapping"][length - added][0]
        lost = prompt[len(prompt[: first + 1].rstrip().rpartition(" ")[0]) :].strip()
    else:
        lost = tokenizer.decode(numbers[length - added :], skip_special_tokens=True)
    warnings.warn(f"{reader} reads {length} tokens of a prompt, and does not see {lost!r}", Notice, stacklevel=2)
