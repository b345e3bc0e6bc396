"""Prompts to networks: none at all, classes, or words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from superpose import PromptError, RecipeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose_networks import LazyNetwork

#: A prompt as the tensors a network takes, of one row each, by the names of its arguments.
Told = Callable[[str], Mapping[str, "Tensor"]]


class PromptEncoder(Protocol):
    """Form of a model's prompts: known before weights are read."""

    @property
    def width(self) -> int | None:
        """Features of a word, as the U-Net attends to them; None where there are no words."""
        ...

    def check(self, prompt: str) -> None:
        """Raise `PromptError` if the model does not know ``prompt``."""
        ...

    def load(self, device: str, dtype: torch.dtype) -> Told:
        """Read what turns prompts into tensors."""
        ...


@attrs.frozen
class Unconditional:
    """The model knows no prompts."""

    @property
    def width(self) -> None:
        """There are no words."""
        return

    def check(self, prompt: str) -> None:
        """Refuse every prompt but the empty one."""
        if prompt:
            raise PromptError(f"this model knows no prompts, and was given {prompt!r}: leave the prompt out")

    def load(self, device: str, dtype: torch.dtype) -> Told:
        """Nothing to read."""
        del device, dtype
        return lambda _: {}


@attrs.frozen
class Classes:
    """Prompts are classes: their number, or their name where names are known; "" is no class in particular.

    Attributes:
        part: The table of their features.
        width: How many of them a class has.
        count: Rows of the table; the last is that of no class.
        names: In order; empty where unknown.
    """

    part: LazyNetwork
    width: int
    count: int
    names: tuple[str, ...] = ()

    def check(self, prompt: str) -> None:
        """Refuse what is neither a number nor a name."""
        self.number(prompt)

    def number(self, prompt: str) -> int:
        """The row of a prompt."""
        if not prompt:
            return self.count - 1
        if prompt in self.names:
            return self.names.index(prompt)
        if prompt.isascii() and prompt.isdigit() and int(prompt) < self.count:
            return int(prompt)
        what = f"a number from 0 to {self.count - 1}" + (" or a name" if self.names else "")
        near = difflib.get_close_matches(prompt, self.names, 1)
        raise PromptError(f"unknown class {prompt!r}: write {what}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def load(self, device: str, dtype: torch.dtype) -> Told:
        """Read the table."""
        import torch

        table: Any = self.part.load(device, dtype)
        return lambda prompt: {"context": table(torch.tensor([[self.number(prompt)]], device=device))}


@attrs.frozen
class Words:
    """Prompts are text.

    Attributes:
        part: The encoder.
        width: Features of a word.
        length: Tokens of a prompt.
        tokenizer: Folder of the tokenizer, as transformers reads it.
        padding: Number of the token that fills up; None for the tokenizer's own.
    """

    part: LazyNetwork
    width: int
    length: int
    tokenizer: Path
    padding: int | None = None

    def check(self, prompt: str) -> None:
        """Any text will do, if there is a tokenizer; words that are too many are told of."""
        if not self.tokenizer.is_dir():
            raise RecipeError(
                f"{self.tokenizer}: no such folder; it should hold a tokenizer, such as vocab.json and merges.txt"
            )
        from superpose_networks import tell_of_lost_words

        tokenizer = _tokenizer(self.tokenizer)
        tell_of_lost_words(tokenizer, prompt, min(self.length, tokenizer.model_max_length))

    def tokens(self, prompt: str) -> list[int]:
        """A prompt as token numbers, cut or filled up to ``length``."""
        tokenizer = _tokenizer(self.tokenizer)
        length = min(self.length, tokenizer.model_max_length)
        numbers: list[int] = tokenizer(prompt, truncation=True, max_length=length)["input_ids"]
        padding = tokenizer.pad_token_id if self.padding is None else self.padding
        return numbers + [padding] * (length - len(numbers))

    def load(self, device: str, dtype: torch.dtype) -> Told:
        """Read the encoder."""
        import torch

        encoder: Any = self.part.load(device, dtype)

        def told(prompt: str) -> Mapping[str, Tensor]:
            with torch.inference_mode():
                return {"context": encoder(torch.tensor([self.tokens(prompt)], device=device)).clone()}

        return told


@lru_cache(maxsize=4)
def _tokenizer(folder: Path) -> Any:
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise RecipeError('a prompt in words needs a tokenizer: pip install "superpose[text]"') from error
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a reader that is fed broken files may raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RecipeError(f"{folder} holds no tokenizer that transformers reads: {reason}") from error
