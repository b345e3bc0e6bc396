r"""Alignment of the words of two prompts: which token of the one takes which place in the other.

As Prompt-to-Prompt has it (Hertz et al. 2022, arXiv 2208.01626). Where words are replaced one by one, each takes the
place of the word in its position, its tokens sharing what that one's had. Otherwise the two are aligned as sequences,
by the best score where an equal token counts 1, another -1 and a gap 0; a token without a partner is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import attrs
import torch

from superpose import RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Token


@attrs.frozen(eq=False)
class Alignment:
    """Share of each source token in each target token, and of the source in the target at all.

    Attributes:
        shares: Shape (tokens of the source, tokens of the target).
        known: 1 for a token that the source has, 0 for a new one; shape (tokens of the target).
    """

    shares: Tensor
    known: Tensor

    def of(self, source: Tensor, own: Tensor) -> Tensor:
        """Probabilities (..., tokens) of the source where it has a token, the target's own where it has none."""
        known = self.known.to(own)
        return source @ self.shares.to(own) * known + own * (1 - known)


def replaced(source: Sequence[Token], target: Sequence[Token], count: int) -> Alignment:
    """Alignment word by word, of prompts with as many words; ``count`` is that of keys, padding included."""
    pairs = [pair for pair in zip(_by_word(source), _by_word(target), strict=True) if _texts(*pair)]
    shares = torch.zeros(count, count)
    here = there = 0
    while here < count and there < count:
        if pairs and pairs[0][0][0][0] == here:
            before, after = ([place for place, _ in word] for word in pairs.pop(0))
            for i, place in enumerate(after):
                if len(before) == len(after):
                    shares[before[i], place] = 1
                else:
                    shares[before, place] = 1 / len(after)
            here, there = here + len(before), there + len(after)
        else:
            # Behind the last word that differs a token keeps its own number, as in the original.
            shares[here if pairs else there, there] = 1
            here, there = here + 1, there + 1
    return Alignment(shares, torch.ones(count))


def refined(source: Sequence[Token], target: Sequence[Token], count: int) -> Alignment:
    """Alignment as sequences of tokens; ``count`` is that of keys, padding included."""
    shares, known = torch.zeros(count, count), torch.ones(count)
    partners = _partners([token.text for token in source], [token.text for token in target])
    for place in range(count):
        partner = partners[place] if place < len(partners) else place
        if partner is None:
            known[place] = 0
        else:
            shares[partner, place] = 1
    return Alignment(shares, known)


def places_of(tokens: Sequence[Token], prompt: str, words: Iterable[str]) -> list[int]:
    """Places of the tokens of some words of a prompt.

    Raises:
        RecipeError: If one of them is not in it.
    """
    spelled = prompt.split()
    found: list[int] = []
    for word in words:
        if word not in spelled:
            raise RecipeError(
                f"there is no word {word!r} in {prompt!r}: write one of {', '.join(dict.fromkeys(spelled))}"
            )
        numbers = [i for i, one in enumerate(spelled) if one == word]
        found += [place for place, token in enumerate(tokens) if token.word in numbers]
    return found


def _by_word(tokens: Sequence[Token]) -> list[list[tuple[int, str]]]:
    """The places and texts of the tokens of each word."""
    count = max((token.word for token in tokens if token.word is not None), default=-1) + 1
    words: list[list[tuple[int, str]]] = [[] for _ in range(count)]
    for place, token in enumerate(tokens):
        if token.word is not None:
            words[token.word].append((place, token.text))
    return words


def _texts(source: list[tuple[int, str]], target: list[tuple[int, str]]) -> bool:
    """True for words that differ."""
    return [text for _, text in source] != [text for _, text in target]


def _partners(source: Sequence[str], target: Sequence[str]) -> list[int | None]:
    """The partner of each target token in the source, by Needleman and Wunsch's algorithm."""
    scores = [[0] * (len(target) + 1) for _ in range(len(source) + 1)]
    steps = [["left"] * (len(target) + 1)] + [["up"] + [""] * len(target) for _ in source]
    for i, one in enumerate(source, 1):
        for j, other in enumerate(target, 1):
            left, up = scores[i][j - 1], scores[i - 1][j]
            both = scores[i - 1][j - 1] + (1 if one == other else -1)
            best = scores[i][j] = max(left, up, both)
            steps[i][j] = "left" if best == left else "up" if best == up else "both"
    partners: list[int | None] = [None] * len(target)
    i, j = len(source), len(target)
    while i or j:
        step = steps[i][j]
        if step == "both":
            partners[j - 1] = i - 1
        i, j = i - (step != "left"), j - (step != "up")
    return partners
