"""Vocabulary of the glyph network: 62 characters, plain or in colour, or anything at all.

=============  =====================  =========================================
prompt         row of its table       shows
=============  =====================  =========================================
``"A"``        0 to 61, A-Z a-z 0-9   a black A on white
``"colour A"`` 62 to 123              an A in any ink on any paper
``""``         124                    any of them (the unconditional prompt)
=============  =====================  =========================================
"""

from __future__ import annotations

import difflib
import string
import unicodedata

GLYPHS = string.ascii_uppercase + string.ascii_lowercase + string.digits

#: Every prompt, in the order of the table's rows.
PROMPTS = (*GLYPHS, *(f"colour {glyph}" for glyph in GLYPHS), "")


def class_of(prompt: str, prompts: tuple[str, ...] = PROMPTS) -> int:
    """The row of the network's class table for a prompt. Of glyphs, "color A" is "colour A".

    Raises:
        ValueError: One line that lists the nearest known prompts.
    """
    glyphs = prompts == PROMPTS
    if glyphs and prompt.startswith("color "):
        prompt = prompt.replace("color ", "colour ", 1)
    if prompt not in prompts:
        near = nearest(prompt) if glyphs else difflib.get_close_matches(prompt, prompts, cutoff=0) or prompts[:3]
        raise ValueError(f"unknown prompt {prompt!r}; nearest: {', '.join(map(repr, near))}")
    return prompts.index(prompt)


def nearest(prompt: str) -> tuple[str, str]:
    """The two known prompts most like ``prompt``, best first: one character, plain and in colour."""
    # Accents fall off: an e with one is nearer to e than to nothing.
    *before, last = unicodedata.normalize("NFKD", prompt).split() or [""]
    word = before[0] if before else last
    coloured = bool(difflib.get_close_matches(word.lower(), ["colour", "coloured"], cutoff=0.7))
    glyph = next((character for character in last if character in GLYPHS and (before or not coloured)), "A")
    return (f"colour {glyph}", glyph) if coloured else (glyph, f"colour {glyph}")
