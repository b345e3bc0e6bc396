r"""Attention that can be read and written: sites, and what is tapped there.

.. math:: y = P\,v, \qquad P = \mathrm{softmax}(q k^\top / \sqrt{d})

A network calls `attend` where it computes attention, and `left_out` at a block that it can go without. A `Tap` on a
`Query` is shown P there and may put other probabilities in its place. Where no query has a tap, and at the sites that
a tap does not look at, the network's own kernel runs and nothing is added to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from superpose.errors import RunError
from superpose.estimate.blame import article, blamed

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Attention of places of the image to each other, to words, to both (words first); or a block that can be left out.
SiteKind: TypeAlias = Literal["self", "cross", "joint", "block"]
#: Attention as a library computes it: of query, key and value, and a mask added to the scores.
Kernel: TypeAlias = "Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]"

#: The forward pass with taps that is under way.
_PASS: ContextVar[_Pass | None] = ContextVar("attention", default=None)


@attrs.frozen
class Site:
    """A place in a network that taps can be at.

    Attributes:
        name: That of the module in its network, such as ``mid_block.attentions.0.transformer_blocks.0.attn2``.
        kind: What is looked at from there: places of the image ("self"), words ("cross"), words and then places
            ("joint"). A "block" is a part of the network that adds to its input, and can be left out.
    """

    name: str
    kind: SiteKind


class Token(NamedTuple):
    """A token of a prompt, as attention to words has a key for it.

    Attributes:
        text: The piece of text that it stands for, as the vocabulary has it.
        word: Number of the word that it is of, words being what spaces are between; None for a mark of the tokenizer.
    """

    text: str
    word: int | None = None


class Row(NamedTuple):
    """A row of a forward pass: a sample of one of the queries that are asked together."""

    question: int
    sample: int


@attrs.frozen(eq=False)
class Attention:
    r"""Attention at a site, for some rows.

    Attributes:
        site: Where.
        query: :math:`q`, shape (N, heads, L, d): one for each place of the image.
        key: :math:`k`, shape (N, heads, M, d): one for each word or place that is looked at.
        value: :math:`v`, shape (N, heads, M, d).
        rows: Whose the N rows are.
        words: How many of the keys are words; they come first.
        grid: Height and width of the places, ``L == height * width``; None where L does not fit the image.
        mask: Added to the scores, or false where not to look; None for no mask.
        edited: Probabilities that a tap before this one has put in place.
    """

    site: Site
    query: Tensor
    key: Tensor
    value: Tensor
    rows: tuple[Row, ...]
    words: int = 0
    grid: tuple[int, int] | None = None
    mask: Tensor | None = None
    edited: Tensor | None = None

    @property
    def probabilities(self) -> Tensor:
        r""":math:`P`, shape (N, heads, L, M), as it is: that of the network, unless a tap has edited it."""
        return self.of(self.query) if self.edited is None else self.edited

    def of(self, query: Tensor) -> Tensor:
        r"""The probabilities of another :math:`q`, shaped as the network's."""
        import torch  # brought in when it is used: whoever reads recipes or looks at images needs none

        scores = (query / math.sqrt(query.shape[-1])) @ self.key.transpose(-1, -2)
        if self.mask is not None:
            scores = scores.masked_fill(~self.mask, -math.inf) if self.mask.dtype is torch.bool else scores + self.mask
        return scores.float().softmax(-1).to(scores.dtype)


class Tap:
    """Reads or replaces attention in the networks that a query with it asks.

    Taps are compared to find out which queries can be asked together, so they are hashable: frozen attrs classes. One
    that keeps what it reads is made anew in every estimate, with ``eq=False``, and is on one query.

    **Each row is for itself**: what a tap says of a row depends on that row alone. On a CPU it is shown one at a time.
    """

    def at(self, site: Site) -> bool:
        """True at a site of attention that it looks at; the network's own kernel is left alone at the others."""
        del site
        return True

    def edit(self, attention: Attention) -> Tensor | None:
        """Probabilities instead of ``attention.probabilities``, shaped as those; None leaves them as they are.

        What is shown is never written to.
        """
        del attention
        return None

    def skips(self, block: Site) -> bool:
        """True for a block that the network is to go without."""
        del block
        return False


def _under_way() -> _Pass | None:
    """The forward pass with taps; none where torch traces a network, which is asked uncompiled where there are taps."""
    import torch

    return None if torch.compiler.is_compiling() else _PASS.get()


def attend(
    site: Site | None,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    kernel: Kernel,
    mask: Tensor | None = None,
    *,
    words: int | None = None,
    grid: tuple[int, int] | None = None,
) -> Tensor:
    """The answer of a network's attention, shape (N, heads, L, d): that of ``kernel`` unless a tap is there.

    Arguments:
        site: Where; None for attention that no tap can be at.
        query: Shape (N, heads, L, d).
        key: Shape (N, heads, M, d).
        value: Shape (N, heads, M, d).
        kernel: The network's own way to compute it; scores are divided by the root of d.
        mask: As the kernel takes it; shape that broadcasts to (N, heads, L, M).
        words: How many keys are words, which come first; as the site's kind says when not given.
        grid: Height and width of the places that ask; found by the shape of the state when not given.
    """
    tapped = _under_way()
    if tapped is None or site is None:
        return kernel(query, key, value, mask)
    return tapped.attend(site, query, key, value, kernel, mask, words, grid)


def is_tapped() -> bool:
    """True where there are taps: for networks whose code must be entered by a side way to let them in."""
    return _under_way() is not None


def left_out(block: Site | None) -> bool:
    """True where a tap leaves a block of the network out."""
    tapped = _under_way()
    return tapped is not None and block is not None and tapped.skips(block)


def sites_in(network: nn.Module) -> tuple[Site, ...]:
    """The sites of a network: those that its modules have as ``site`` or ``block``."""
    found = (getattr(module, name, None) for module in network.modules() for name in ("site", "block"))
    return tuple(site for site in found if isinstance(site, Site))


@contextmanager
def tapping(taps: Sequence[Tap], rows: Sequence[Row], x: Tensor, network: object) -> Iterator[None]:
    """A forward pass of states ``x`` (N, C, H, W) in which taps are at the sites; rows behind ``rows`` fill up.

    Raises:
        RunError: If one of the taps was at no site: it would have changed nothing, in silence.
    """
    tapped = _Pass(tuple(taps), tuple(rows), (len(x), x.shape[-2], x.shape[-1]))
    before = _PASS.set(tapped)
    try:
        yield
    finally:
        _PASS.reset(before)
    tapped.finish(network)


@contextmanager
def untapped() -> Iterator[None]:
    """A part of a forward pass that no tap is shown."""
    before = _PASS.set(None)
    try:
        yield
    finally:
        _PASS.reset(before)


def visit(sites: Sequence[Site]) -> None:
    """Go through sites where nothing is computed, in place of a forward pass."""
    tapped = _PASS.get()
    for site in sites:
        if tapped is None:
            return
        if site.kind == "block":
            tapped.skips(site)
        else:
            tapped.looking(site)


class _Pass:
    """One forward pass with taps."""

    def __init__(self, taps: tuple[Tap, ...], rows: tuple[Row, ...], shape: tuple[int, int, int]) -> None:
        self.taps, self.rows, self.shape = taps, rows, shape
        self.editing = [tap for tap in taps if type(tap).edit is not Tap.edit]
        self.skipping = [tap for tap in taps if type(tap).skips is not Tap.skips]
        self.fired: set[Tap] = set()
        self.seen: list[Site] = []

    def looking(self, site: Site) -> list[Tap]:
        """The taps that look at a site."""
        self.seen.append(site)
        found = [tap for tap in self.editing if tap.at(site)]
        self.fired.update(found)
        return found

    def skips(self, block: Site) -> bool:
        """True where one of them leaves a block out."""
        self.seen.append(block)
        found = [tap for tap in self.skipping if tap.skips(block)]
        self.fired.update(found)
        return bool(found)

    def attend(
        self, site: Site, query: Tensor, key: Tensor, value: Tensor, kernel: Kernel, mask: Tensor | None,
        words: int | None, grid: tuple[int, int] | None,
    ) -> Tensor:  # fmt: skip
        """The answer of a site, as the taps that look at it have it."""
        taps = self.looking(site)
        if not taps:
            return kernel(query, key, value, mask)
        if len(query) != self.shape[0]:
            raise RunError(
                f"{site.name} computes attention of {len(query)} rows where {self.shape[0]} were asked about: a "
                "network that is asked inside another can't be tapped, for whose rows are whose nobody could say"
            )
        import torch

        known = {"cross": key.shape[2], "self": 0, "joint": 0, "block": 0}[site.kind] if words is None else words
        place = grid or places_of_size(self.shape[1:], query.shape[2])
        # On a CPU each row from memory of its own: where a row begins may decide which code multiplies it.
        apart = query.device.type == "cpu"
        counts = [1] * len(self.rows) if apart else [len(self.rows)]
        answers: list[Tensor | None] = []
        for start, count in zip(range(len(self.rows)), counts, strict=False):
            mine = slice(start, start + count)
            q, k, v = (one[mine].clone() if apart else one[mine] for one in (query, key, value))
            own = mask if mask is None or mask.shape[0] == 1 else mask[mine]
            answers.append(_answer(taps, Attention(site, q, k, v, self.rows[mine], known, place, own)))
        if not any(answer is not None for answer in answers):
            return kernel(query, key, value, mask)
        whole = all(answer is not None for answer in answers)
        # Rows that only fill up are nobody's: zeros will do for them.
        plain = query.new_zeros((*query.shape[:3], value.shape[3])) if whole else kernel(query, key, value, mask)
        parts = [
            plain[start : start + count] if answer is None else answer
            for start, count, answer in zip(range(len(self.rows)), counts, answers, strict=False)
        ]
        return torch.cat([*parts, plain[len(self.rows) :]])

    def finish(self, network: object) -> None:
        """Raise `RunError` for a tap that was nowhere."""
        for tap in self.taps:
            if tap not in self.fired:
                name = type(network).__name__
                has = f"has {_listed(self.seen)}" if self.seen else "has none that can be tapped"
                raise RunError(f"{type(tap).__name__} was at no attention of {name}, which {has}: name others of it")


def _answer(taps: Sequence[Tap], attention: Attention) -> Tensor | None:
    """Answer of attention with the probabilities that taps put in place; None where none does."""
    from torch import Tensor

    shape = (*attention.query.shape[:3], attention.key.shape[2])
    for tap in taps:
        edited: object = tap.edit(attention)
        if edited is None:
            continue
        if not isinstance(edited, Tensor) or tuple(edited.shape) != shape:
            made = f"probabilities of shape {tuple(edited.shape)}" if isinstance(edited, Tensor) else article(edited)
            blamed(tap, "edit", f"returns {made} at {attention.site.name}, and must return a torch.Tensor of {shape}")
        attention = attrs.evolve(attention, edited=edited)
    return None if attention.edited is None else attention.edited.to(attention.value.dtype) @ attention.value


def places_of_size(size: tuple[int, int], count: int) -> tuple[int, int] | None:
    """Height and width of ``count`` places over a state of ``size``, in its proportions; None where there are none."""
    height, width = size
    factor = math.sqrt(height * width / count)
    found = round(height / factor), round(width / factor)
    return found if found[0] * found[1] == count else None


def _listed(sites: Sequence[Site], most: int = 6) -> str:
    names = [f"{site.name} ({site.kind})" for site in dict.fromkeys(sites)]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
