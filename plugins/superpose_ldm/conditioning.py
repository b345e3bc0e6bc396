"""Prompts to networks: none at all, classes, or words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from superpose import EncodePrompt, Problem

if TYPE_CHECKING:
    from torch import Tensor, nn

    from superpose import Token
    from superpose_networks import LazyNetwork
    from superpose_networks.latent import TextEncoder

#: The part that turns prompts into tensors, with its weights.
Network = Callable[["Tensor"], "Tensor"]


class PromptEncoder(Protocol):
    """Form of a model's prompts: known before weights are read."""

    @property
    def width(self) -> int | None:
        """Features of a word, as the U-Net attends to them; None where there are no words."""
        ...

    def problems(self, prompt: str) -> Iterator[Problem]:
        """Problems with a prompt that the model does not know; none where it does."""
        ...

    def words(self, prompt: str) -> tuple[Token, ...]:
        """Tokens of a prompt; none where it is no text."""
        ...

    @property
    def part(self) -> LazyNetwork[nn.Module] | None:
        """What turns prompts into tensors; None where nothing does."""
        ...

    def told(self, network: Network, device: str) -> EncodePrompt:
        """The function that turns them, given that part with its weights."""
        ...


@attrs.frozen
class Unconditional:
    """The model knows no prompts."""

    @property
    def width(self) -> None:
        """There are no words."""
        return

    def problems(self, prompt: str) -> Iterator[Problem]:
        """Every prompt but the empty one."""
        if prompt:
            yield Problem("", f"this model knows no prompts, and was given {prompt!r}", "leave the prompt out")

    def words(self, prompt: str) -> tuple[Token, ...]:
        """None."""
        del prompt
        return ()

    @property
    def part(self) -> None:
        """There is none."""
        return

    def told(self, network: Network, device: str) -> EncodePrompt:
        """Nothing."""
        del network, device
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

    part: LazyNetwork[nn.Embedding]
    width: int
    count: int
    names: tuple[str, ...] = ()

    def problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is neither a number nor a name."""
        return Problem.caught("", lambda: self.number(prompt))

    def words(self, prompt: str) -> tuple[Token, ...]:
        """None."""
        del prompt
        return ()

    def number(self, prompt: str) -> int:
        """The row of a prompt."""
        from superpose_networks import class_number

        names = {name: number for number, name in reversed([*enumerate(self.names)])}
        return class_number(prompt, self.count, names, self.count - 1)

    def told(self, network: Network, device: str) -> EncodePrompt:
        """The row of a class."""
        import torch

        return lambda prompt: {"context": network(torch.tensor([[self.number(prompt)]], device=device))}


@attrs.frozen
class Words:
    """Prompts are text, whose words may have weights: "(a cat:1.3) on a mat".

    Attributes:
        part: The encoder.
        width: Features of a word.
        length: Tokens of a prompt.
        tokenizer: Folder of the tokenizer, as transformers reads it.
        padding: Number of the token that fills up; None for the tokenizer's own.
    """

    part: LazyNetwork[TextEncoder]
    width: int
    length: int
    tokenizer: Path
    padding: int | None = None

    def problems(self, prompt: str) -> Iterator[Problem]:
        """None with any text, if there is a tokenizer; words that are too many are told of."""
        return Problem.caught("", lambda: self._read(prompt))

    def _read(self, prompt: str) -> None:
        from superpose_networks import WeightedPrompt, tell_of_lost_words

        read = WeightedPrompt.of(prompt)
        tell_of_lost_words(self._tokenizer, read.text, self._longest)
        if read.marked is not None:
            read.of_tokens(self._spans(read.text))

    def words(self, prompt: str) -> tuple[Token, ...]:
        """Tokens of a prompt, with their words."""
        from superpose_networks import tokens_of, unweighted

        return tokens_of(self._tokenizer, unweighted(prompt), self._longest)

    def tokens(self, prompt: str) -> list[int]:
        """A prompt as token numbers, cut or filled up to ``length``."""
        tokenizer, length = self._tokenizer, self._longest
        numbers: list[int] = tokenizer(prompt, truncation=True, max_length=length)["input_ids"]
        padding = tokenizer.pad_token_id if self.padding is None else self.padding
        return numbers + [padding] * (length - len(numbers))

    def told(self, network: Network, device: str) -> EncodePrompt:
        """Features of each token, as the encoder has them."""
        import torch

        from superpose_networks import WeightedPrompt

        def encode(text: str) -> Tensor:
            return network(torch.tensor([self.tokens(text)], device=device))

        return lambda prompt: {"context": WeightedPrompt.of(prompt).told(encode, self._spans)}

    def _spans(self, text: str) -> list[tuple[int, int]]:
        from superpose_networks import token_spans

        return token_spans(self._tokenizer, text, self._longest)

    @property
    def _longest(self) -> int:
        return int(min(self.length, self._tokenizer.model_max_length))

    @cached_property
    def _tokenizer(self) -> Any:
        from superpose_networks import load_tokenizer

        return load_tokenizer(self.tokenizer)
