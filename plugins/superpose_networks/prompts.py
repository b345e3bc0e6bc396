"""Prompts to networks: classes, and words that are more than a network reads."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from superpose import EncodePrompt, Notice, PromptError, RecipeError, Token


def class_labels(label_of: Callable[[str], int | None], name: str = "labels") -> EncodePrompt:
    """Prompts as classes for a `superpose.NetworkPredictor`: tensors (1,), or none where the network knows no classes.

    Arguments:
        label_of: The class of a prompt; None for none.
        name: Of the network's argument.
    """

    def encoded(prompt: str) -> Mapping[str, Tensor]:
        label = label_of(prompt)
        return {} if label is None else {name: torch.tensor([label])}

    return encoded


def class_number(prompt: str, count: int, names: Mapping[str, int], none: int) -> int:
    """The class of a prompt: a number below ``count``, one of the names, or ``none`` for "".

    Raises:
        PromptError: There is no such class; the nearest name is told.
    """
    if not prompt:
        return none
    if prompt in names:
        return names[prompt]
    if prompt.isascii() and prompt.isdigit() and int(prompt) < count:
        return int(prompt)
    near = difflib.get_close_matches(prompt, names, 1)
    what = f"a number from 0 to {count - 1}" + (" or a name" if names else "")
    raise PromptError(f"unknown class {prompt!r}: write {what}" + (f"; did you mean {near[0]!r}?" if near else ""))


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a folder, as transformers reads it: from this machine, and without code beside the files.

    Raises:
        RecipeError: It is not there or not readable, or transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise RecipeError('a prompt in words needs a tokenizer: pip install "superpose[text]"') from error
    if not folder.is_dir():
        raise RecipeError(f"{folder}: no such folder; it should hold a tokenizer, such as vocab.json and merges.txt")
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a reader that is fed broken files may raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RecipeError(f"{folder} holds no tokenizer that transformers reads: {reason}") from error


def tokens_of(tokenizer: Any, prompt: str, length: int) -> tuple[Token, ...]:
    """Tokens of a prompt, each with the word that it is a piece of, cut after ``length``."""
    told = tokenizer(prompt, truncation=True, max_length=length, return_special_tokens_mask=True)
    words, found, word, read = prompt.split(" "), [], 0, 0
    for number, mark in zip(told["input_ids"], told["special_tokens_mask"], strict=True):
        piece = tokenizer.convert_ids_to_tokens(number)
        found.append(Token(piece, None if mark else word))
        # A word is over once pieces as long as it is have been read.
        read += 0 if mark else len(tokenizer.decode([number]).strip().strip("#"))
        if not mark and read >= len(words[word]) and word + 1 < len(words):
            word, read = word + 1, 0
    return tuple(found)


def tell_of_lost_words(tokenizer: Any, prompt: str, length: int, reader: str = "the model") -> None:
    """Tell (by a `Notice`) what of a prompt a network does not see: words that are too many.

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
