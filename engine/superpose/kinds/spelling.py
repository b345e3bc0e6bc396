"""Suggestions for words that are nearly right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was most likely meant to be; None where none is near."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, 3)
    return by_lower[max(close, key=lambda name: _likeness(word.lower(), name))] if close else None


def _likeness(word: str, name: str) -> float:
    # Letters that changed places are the same letters, which the order alone does not see: ddmi is ddim, not ddpm.
    return sum(difflib.SequenceMatcher(None, a, b).ratio() for a, b in ((word, name), (sorted(word), sorted(name))))


def suggestion(word: str, known: Iterable[str]) -> str:
    """The end of an error about ``word``: ``; did you mean 'steps'?``, or else the list of what is known."""
    names = sorted(known)
    if (near := nearest(word, names)) is not None:
        return f"; did you mean {near!r}?"
    return f"; known: {', '.join(names)}" if names else "; none is known"
