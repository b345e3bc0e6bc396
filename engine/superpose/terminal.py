"""Strangers' words on a terminal: names from files, plugins and metadata, and what libraries say when they fail.

Such a text can hold escape sequences that recolour, retitle or answer for the terminal, newlines that forge a line of
ours, and marks of direction that show a name backwards (arXiv 2111.00169).
"""

from __future__ import annotations

import unicodedata

#: Characters of a text that are printed, unless a caller says otherwise.
LIMIT = 240
#: Invisible, and part of how Persian, Indian languages and emoji are written.
_JOINERS = "\u200c\u200d"


def printable(value: object, limit: int = LIMIT) -> str:
    r"""One line that is safe to print: what a terminal would obey is escaped, as Python writes it.

    Arguments:
        value: A text, or anything that `str` can be asked of; it may fail at that.
        limit: Characters to print; of a longer text, the middle is left out.

    >>> printable("evil\x1b[2J\nname")
    'evil\\x1b[2J\\nname'
    >>> printable("a" * 300, limit=9)
    'aaaa…aaaa'
    """
    text = _text(value)
    if len(text) > limit:
        head = limit // 2
        text = f"{text[:head]}…{text[len(text) - (limit - head - 1) :]}"
    escaped = "".join(map(_safe, text))
    # Escapes are up to ten times as long as what they stand for.
    return escaped if len(escaped) <= 2 * limit else f"{escaped[: 2 * limit]}…"


def _safe(character: str) -> str:
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode()


def _text(value: object) -> str:
    try:
        return str(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a stranger's __str__ may raise anything
        return f"<{type(value).__name__} that can't be shown>"
