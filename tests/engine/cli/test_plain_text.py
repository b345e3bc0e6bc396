"""Docstrings on a terminal: formulas that a reader of the paper knows again, and no markup left."""

import pytest

from superpose.cli.plain_text import formula, plain
from superpose.kinds.roles import ROLES
from superpose.plugins import load_plugins


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{a + b}{c}", "(a + b)/c"),
        (r"\sqrt{1 - \bar\alpha_t}", "√(1 - ᾱₜ)"),
        (r"x_{t-1}", "xₜ₋₁"),
        (r"r^2", "r²"),
        (r"\sigma_\mathrm{low} < \sigma_t \le 3", "σ_low < σₜ ≤ 3"),
        (r"\mu_\theta(x_t)", "μ_θ(xₜ)"),
        (r"\hat{x}_0", "x̂₀"),
        (r"\frac{\frac{a}{b}}{c}", "(a/b)/c"),
        (r"a \qquad b", "a    b"),
        (r"\min(1, r)", "min(1, r)"),
        (r"e^{-a r}", "e^(-a r)"),
        (r"\{a\}", "a"),
    ],
)
def test_a_formula(latex, text):
    assert " ".join(formula(latex).split()) == " ".join(text.split())


def test_a_page_keeps_its_paragraphs():
    text = plain(
        r"""First ``line``, of :class:`Thing`.

        .. math:: a_t = b

        Last, with :math:`\alpha`.
        """
    )
    assert text == "First `line`, of `Thing`.\n\n    aₜ = b\n\nLast, with α."
    assert not plain(None)


@pytest.mark.parametrize("role", ROLES)
def test_no_manual_has_markup_left(role):
    for kind in load_plugins().kinds(role).values():
        text = plain(kind.__doc__)
        for mark in (":math:", ".. math", "\\", "``", "{", "}"):
            assert mark not in text, f"{mark} in the manual of {role} {kind.kind}"
