"""Styles of fonts by their file names: weight, slant, width, and whether they are set like a typewriter.

Foundries write these words in many ways: "SourceCodePro-SemiboldIt.otf", "LinLibertine_RBI.otf", "drmitbx10.pfb".
"""

from __future__ import annotations

import re
from pathlib import PurePath

STYLES = {
    "light": r"((extra|ultra|semi)?(light|lite)|(ultra)?thin|hairline)(italic|oblique)?",
    "bold": r"((extra|ultra|semi|demi)?(bold|black|bd)|heavy|demi|fat)(italic|oblique|slanted|cond(ensed)?)?|bi|bol",
    "italic": r"\w*(italic|oblique|slanted|inclined)|it|ita|ital|bi|obl|cursive",
    "condensed": r"(semi|extra|ultra)?(condensed|cond|cnd|narrow|compressed|compact)|boldcond(ensed)?",
    "mono": r"\w*mono|code|courier|typewriter|fixed|console|terminal|teletype",
    "serif": r"serif|roman|slab|antiqua",
}

#: What names say of weight and slant: both can be had of one design.
WEIGHTS_AND_SLANTS = ("light", "bold", "italic")
_WEIGHED_OR_SLANTED = tuple(STYLES[style] for style in WEIGHTS_AND_SLANTS)
#: What names say of a font of usual weight that stands upright, and how much of a weight they mean.
_USUAL = r"regular|book|normal|medium|roman|text|reg|rg|semi|demi|extra|ultra"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Families whose names have letters or figures for words: ``style`` is all that differs in one design, where that is
#: more than these.
_LETTERS = tuple(
    map(
        re.compile,
        (
            r"Lin(?:Libertine|Biolinum)_[A-Z]*?(?P<bold>[BZ])?(?P<italic>[IO])?",
            r"drm(?:ui)?(?P<italic>it|sl)?(?:sc|tc)?(?P<bold>bx?)?\d+",
            r"(?:book|chan|goth|pall|roma|sans|scho)c?u(?P<style>(?P<bold>b)?(?P<italic>i)?_*)",
            r"(?:PT[A-Z]+|eurofc?)(?P<style>(?:(?P<bold>7)|[35])(?:(?P<italic>6)|[57]))F?",
            r"clara(?P<bold>b)?(?P<italic>i)?",
        ),
    )
)


def styles(font: str) -> frozenset[str]:
    """The styles, of `STYLES`, that a font's file name tells."""
    stem = PurePath(font).stem
    if found := _lettered(stem):
        return frozenset(style for style in ("bold", "italic") if found[style])
    words = [word.lower() for word in _WORD.findall(stem)]
    return frozenset(style for style, wanted in STYLES.items() if any(re.fullmatch(wanted, word) for word in words))


def design(font: str) -> str:
    """Design of a font: its file name without weight and slant. Fonts with the same are one design in many styles."""
    stem = PurePath(font).stem
    if found := _lettered(stem):
        parts = ("style",) if "style" in found.re.groupindex else ("bold", "italic")
        for start, end in sorted(map(found.span, parts), reverse=True):
            stem = stem[:start] + stem[end:] if start >= 0 else stem
        return stem
    words = [word.lower() for word in _WORD.findall(stem)]
    kept = [word for word in words if not any(re.fullmatch(one, word) for one in (*_WEIGHED_OR_SLANTED, _USUAL))]
    return "".join((*kept, *re.findall(r"\d+", stem)))


def _lettered(stem: str) -> re.Match[str] | None:
    return next(filter(None, (family.fullmatch(stem) for family in _LETTERS)), None)
