"""Formulas as MathML, which browsers draw themselves, so that pages load nothing from anywhere.

They are taken out of the Markdown, which would read their underscores as emphasis, and put into the finished page.
"""

from __future__ import annotations

import re

from latex2mathml.converter import convert

# Code is matched first, so that a $ in it starts no formula.
_CODE_OR_FORMULA = re.compile(
    r"^(?P<fence>```+).*?^(?P=fence)\s*$|`[^`\n]+`|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\s](?:[^$\n]*[^$\s])?)\$",
    re.DOTALL | re.MULTILINE,
)


def take_out(markdown: str) -> tuple[str, list[str]]:
    """The text with a token for each formula, and the formulas as MathML."""
    formulas: list[str] = []

    def token(found: re.Match[str]) -> str:
        if found["block"] is None and found["inline"] is None:
            return found[0]
        latex = found["block"] or found["inline"]
        display = "block" if found["block"] else "inline"
        formulas.append(convert(" ".join(latex.split()), display=display))
        return _token(len(formulas) - 1)

    return _CODE_OR_FORMULA.sub(token, markdown), formulas


def put_in(html: str, formulas: list[str]) -> str:
    """The page with its formulas."""
    for number, formula in enumerate(formulas):
        html = html.replace(_token(number), formula)
    return html


def _token(number: int) -> str:
    return f"formula{number}elumrof"
