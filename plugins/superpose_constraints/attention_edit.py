"""Taps of Prompt-to-Prompt: one keeps the attention of the source, the other puts it in the place of the sample's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
import torch

from superpose import RecipeError, Tap
from superpose_constraints.word_alignment import Alignment, places_of, refined, replaced

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Attention, Site, StepInfo, Token

#: Places from which on self-attention is left alone, as in the original: 32 x 32 are the most.
MOST_PLACES = 32**2
#: What was kept, by (number of the query, site, sample).
Kept: TypeAlias = "dict[tuple[int, str, int], Tensor]"
#: Share of the steps from which on something holds, and up to which.
Span: TypeAlias = "tuple[float, float]"


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of an edit, as `PromptToPrompt` has them; ``local`` and the thresholds are (source, sample)."""

    align: Literal["words", "tokens"] | None = None
    cross: Span = (0.0, 0.8)
    places: Span = (0.0, 0.4)
    timed: Mapping[str, Span] = attrs.field(factory=dict)
    weights: Mapping[str, float] = attrs.field(factory=dict)
    local: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    without: tuple[str, ...] = ()
    local_start: float = 0.2
    thresholds: tuple[float, float] = (0.3, 0.3)


@attrs.frozen(eq=False)
class Told:
    """An edit of one prompt to another, its words known.

    Attributes:
        settings: How it is done.
        prompts: The source's and the sample's.
        tokens: Theirs.
    """

    settings: Settings
    prompts: tuple[str, str]
    tokens: tuple[tuple[Token, ...], tuple[Token, ...]]

    def __attrs_post_init__(self) -> None:
        """Refuse words that are not in the prompts."""
        settings, (source, target) = self.settings, self.prompts
        places_of(self.tokens[1], target, (*settings.timed, *settings.weights, *settings.local[1]))
        places_of(self.tokens[0], source, settings.local[0])
        for word in settings.without:
            if word not in (*source.split(), *target.split()):
                raise RecipeError(f"there is no word {word!r} in {source!r} or {target!r}")
        if self._by_words and len(source.split()) != len(target.split()):
            raise RecipeError(
                f"{source!r} has {len(source.split())} words and {target!r} has {len(target.split())}: words are "
                'replaced one by one only where there are as many; write align = "tokens"'
            )

    @property
    def _by_words(self) -> bool:
        same = len(self.prompts[0].split()) == len(self.prompts[1].split())
        return same if self.settings.align is None else self.settings.align == "words"

    def alignment(self, count: int) -> Alignment:
        """That of the tokens, of ``count`` keys."""
        return _aligned(self, count)

    def weights(self, count: int) -> Tensor:
        """The weight of each key, shape (count,)."""
        found = torch.ones(count)
        for word, weight in self.settings.weights.items():
            found[places_of(self.tokens[1], self.prompts[1], [word])] = weight
        return found

    def on(self, step: StepInfo, count: int) -> Tensor:
        """1 for the keys at which the source's attention to words holds in a step, shape (count,)."""
        found = torch.full((count,), float(_holds(self.settings.cross, step, step.total + 1)))
        for word, span in self.settings.timed.items():
            found[places_of(self.tokens[1], self.prompts[1], [word])] = float(_holds(span, step, step.total + 1))
        return found

    def places_hold(self, step: StepInfo) -> bool:
        """True in a step in which the source's attention of places holds."""
        return _holds(self.settings.places, step, step.total)

    @property
    def blends(self) -> bool:
        """True where the image may change at some places alone."""
        return bool(self.settings.local[1])

    def marked(self, which: int, fixed: bool = False) -> list[int]:
        """Places of the tokens, of source (0) or sample (1), where the image may change, or where it may not."""
        words: Sequence[str] = self.settings.local[which]
        if fixed:
            words = [word for word in self.settings.without if word in self.prompts[which].split()]
        return places_of(self.tokens[which], self.prompts[which], words)


def _holds(span: Span, step: StepInfo, steps: int) -> bool:
    # As the original counts them; the smallest part of a step is rounding.
    first, end = (math.floor(share * steps + 1e-9) for share in span)
    return first <= step.index < end


@lru_cache(maxsize=8)
def _aligned(told: Told, count: int) -> Alignment:
    return (replaced if told._by_words else refined)(*told.tokens, count)


@attrs.frozen(eq=False)
class Keep(Tap):
    """Keeps the attention of the source, and puts it in its own place: so the source is computed as the sample is.

    Attributes:
        told: The edit.
        step: The step.
        number: Of the query among those that are edited.
        kept: Where it is kept.
    """

    told: Told
    step: StepInfo
    number: int
    kept: Kept

    def at(self, site: Site) -> bool:
        """True at words, and at places as long as the source's hold."""
        return site.kind == "cross" or (site.kind == "self" and self.told.places_hold(self.step))

    def edit(self, attention: Attention) -> Tensor | None:
        """Its own probabilities; None where there are too many places."""
        if _too_many(attention):
            return None
        seen = attention.probabilities
        for row, one in zip(attention.rows, seen, strict=True):
            self.kept[self.number, attention.site.name, row.sample] = one
        return seen


@attrs.frozen(eq=False)
class Replace(Tap):
    """Puts the attention of the source in the place of the sample's.

    Attributes:
        told: The edit.
        step: The step.
        number: Of the query among those that are edited.
        kept: What the source had.
        edited: Where the result is kept, at words.
    """

    told: Told
    step: StepInfo
    number: int
    kept: Kept
    edited: Kept

    def at(self, site: Site) -> bool:
        """As of the source."""
        return site.kind == "cross" or (site.kind == "self" and self.told.places_hold(self.step))

    def edit(self, attention: Attention) -> Tensor | None:
        """The source's probabilities, aligned and weighed, where they hold."""
        if _too_many(attention):
            return None
        name = attention.site.name
        source = torch.stack([self.kept[self.number, name, row.sample] for row in attention.rows])
        if attention.site.kind == "self":
            return source
        own, count = attention.probabilities, attention.key.shape[2]
        on = self.told.on(self.step, count).to(own)
        taken = self.told.alignment(count).of(source, own) * self.told.weights(count).to(own)
        mixed = taken * on + own * (1 - on)
        for row, one in zip(attention.rows, mixed, strict=True):
            self.edited[self.number, name, row.sample] = one
        return mixed


def _too_many(attention: Attention) -> bool:
    return attention.site.kind == "self" and attention.query.shape[2] > MOST_PLACES
