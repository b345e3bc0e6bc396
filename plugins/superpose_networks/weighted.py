r"""Prompts that give words a weight, ``(a cat:1.3) on a mat``: a mix of what an encoder says of them and of nothing.

With :math:`c` what the encoder says of the words and :math:`c_0` what it says of the empty prompt, token by token,

.. math:: c' = c_0 + w\,(c - c_0)

so that a weight of 1 changes nothing, 0 leaves the word out, and more says it louder. ComfyUI weighs words so, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from superpose import PromptError

if TYPE_CHECKING:
    from torch import Tensor

_WEIGHT = re.compile(r"\(([^()]*[^()\s][^()]*):\s*([+-]?[0-9]*\.?[0-9]+)\s*\)")

#: Where each token stands in a text, from its first character to the one after its last; (0, 0) where it is added.
Spans: TypeAlias = Iterable[tuple[int, int]]


@attrs.frozen
class WeightedPrompt:
    """A prompt without the marks of its weights, and the weight of each of its characters.

    Attributes:
        text: What the encoder reads.
        weights: As many as there are characters.
        marked: The first words with a weight, as they were written; None where no word has one.
    """

    text: str
    weights: tuple[float, ...]
    marked: str | None = None

    @classmethod
    def of(cls, prompt: str) -> WeightedPrompt:
        """Read ``(words:weight)``; weights inside of others multiply."""
        weights, marked = [1.0] * len(prompt), _WEIGHT.search(prompt)
        text, found = prompt, marked
        while found:
            (start, end), weight = found.span(1), float(found[2])
            weights[found.start() : found.end()] = [weight * inner for inner in weights[start:end]]
            text = text[: found.start()] + found[1] + text[found.end() :]
            found = _WEIGHT.search(text)
        return cls(text, tuple(weights), marked[0] if marked else None)

    def of_tokens(self, spans: Spans) -> list[float]:
        """The weight of each token; 1 of those that are added.

        Raises:
            PromptError: A weight ends inside of a token.
        """
        return [self._of(start, end) for start, end in spans]

    def _of(self, start: int, end: int) -> float:
        token = self.text[start:end]
        held = {weight for weight, letter in zip(self.weights[start:end], token, strict=True) if not letter.isspace()}
        if len(held) > 1:
            raise PromptError(
                f"a weight ends inside of {token.strip()!r}, which is one word to the text encoder: "
                "put whole words between the brackets"
            )
        return held.pop() if held else 1.0

    def told(self, encode: Callable[[str], Tensor], spans: Callable[[str], Spans]) -> Tensor:
        """The states of all tokens, each of its weight.

        Arguments:
            encode: What the encoder says of a text, shape (1, tokens, width).
            spans: Where the tokens of a text stand in it; those that are missing at the end fill up.
        """
        states = encode(self.text)
        if self.marked is None:
            return states
        weights = states.new_ones(states.shape[1])
        for place, weight in enumerate(self.of_tokens(spans(self.text))):
            weights[place] = weight
        return encode("").lerp(states, weights[:, None])  # to the bit what was said, where the weight is 1


def unweighted(prompt: str) -> str:
    """A prompt for whoever tells its words apart by themselves.

    Raises:
        PromptError: Its words have weights, so that they are not those which the encoder reads.
    """
    if marked := WeightedPrompt.of(prompt).marked:
        raise PromptError(f"{marked!r} gives words a weight, and here they are told apart as they stand: leave it out")
    return prompt


def token_spans(tokenizer: Any, text: str, length: int) -> list[tuple[int, int]]:
    """Where the first ``length`` tokens of a text stand in it.

    Raises:
        PromptError: It is a tokenizer of transformers that does not say so.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise PromptError("this tokenizer does not tell where its tokens stand, which weights need: leave them out")
    told = tokenizer(text, truncation=True, max_length=length, return_offsets_mapping=True)
    return [(start, end) for start, end in told["offset_mapping"]]
