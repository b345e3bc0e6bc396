r"""Docstrings as a terminal shows them: reStructuredText and LaTeX as plain text.

>>> plain(r"The mean :math:`\sqrt{\bar\alpha_t}\, x_0 + \frac{1 - \beta}{2} \epsilon`, as `Scheduler` has ``it``.")
'The mean √(ᾱₜ) x₀ + (1 - β)/2 ε, as `Scheduler` has `it`.'
"""

from __future__ import annotations

import inspect
import re
import unicodedata

_BLOCK = re.compile(r"^\.\. math:: ?(.*(?:\n+(?: +\S.*))*)", re.MULTILINE)
_INLINE = re.compile(r":math:`([^`]*)`")
_ROLE = re.compile(r":\w+:`([^`]*)`")
#: Stands for a wide blank until other blanks are single.
_WIDE = "\u2003"
_MARKS = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303"}
_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "Lambda": "Λ",
    "Sigma": "Σ", "sum": "Σ", "prod": "∏", "int": "∫", "infty": "∞", "nabla": "∇", "cdot": "·", "sim": "~", "le": "≤",
    "ge": "≥", "ne": "≠", "approx": "≈", "leftarrow": "←", "to": "→", "uparrow": "↑", "downarrow": "↓", "top": "ᵀ",
    "dots": "...", "times": "×", "pm": "±", "in": "∈", "lVert": "‖", "rVert": "‖", "mid": "|",
    "quad": _WIDE, "qquad": _WIDE,
}  # fmt: skip
#: Commands of which only what they enclose or follow is left.
_NOTHING = ("mathrm", "mathcal", "mathbf", "text", "operatorname", "left", "right", "big", "Big", "bigl", "bigr")
_LOWERED = str.maketrans("0123456789+-aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_RAISED = str.maketrans("0123456789+-inᵀ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁱⁿᵀ")
_GROUP = r"\{((?:[^{}]|\{[^{}]*\})*)\}"


def plain(docstring: str | None) -> str:
    """A docstring, cleaned, as plain text with its paragraphs."""
    text = inspect.cleandoc(docstring or "")
    text = _BLOCK.sub(lambda found: f"    {formula(found[1])}", text)
    text = _INLINE.sub(lambda found: formula(found[1]), text)
    text = _ROLE.sub(r"`\1`", text)
    return text.replace("``", "`")


def formula(latex: str) -> str:
    r"""A formula on one line of plain text.

    >>> formula(r"x_{t-1} = \mu_\theta(x_t) + \sigma_t^2 z_{cond}")
    'xₜ₋₁ = μ_θ(xₜ) + σₜ² z_cond'
    """
    text = " ".join(latex.split())
    text = re.sub(r"\\(?:,|;|!|:|\s|\\)|~", " ", text)
    text = re.sub(rf"\\({'|'.join(_NOTHING)})(?![A-Za-z])", "", text)
    for name, symbol in _SYMBOLS.items():
        text = re.sub(rf"\\{name}(?![A-Za-z])", symbol, text)
    text = re.sub(r"\\([|{}_%&])", r"\1", text)
    before = ""
    while before != text:  # from the inside out
        before = text
        text = re.sub(rf"\\t?frac\s*{_GROUP}\s*{_GROUP}", lambda it: f"{_closed(it[1])}/{_closed(it[2])}", text)
        text = re.sub(rf"\\sqrt\s*{_GROUP}", r"√(\1)", text)
        text = re.sub(rf"\\({'|'.join(_MARKS)})\s*(?:{_GROUP}|(\w))", _marked, text)
    text = re.sub(r"\\([A-Za-z]+)", r"\1", text)  # functions: log, sin, max
    text = re.sub(rf"([_^])(?:{_GROUP}|(\S))", _shifted, text)
    text = re.sub(" +", " ", text.replace("{", "").replace("}", ""))
    return unicodedata.normalize("NFC", text).replace(_WIDE, "   ").strip()


def _marked(found: re.Match[str]) -> str:
    letters = found[2] or found[3]
    return letters[:1] + _MARKS[found[1]] + letters[1:]


def _closed(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"[\w.^{}]+", text) else f"({text})"


def _shifted(found: re.Match[str]) -> str:
    """An index or an exponent, in small letters where there are such for all of it."""
    text = found[2] or found[3] or ""
    small = text.translate(_LOWERED if found[1] == "_" else _RAISED)
    if all(one not in text for one in small):
        return small
    return f"{found[1]}{text}" if len(text) == 1 or text.isalnum() else f"{found[1]}({text})"
