"""superpose kinds: lists of a role, manuals that a terminal can show, and the same as JSON."""

import json
import re

import pytest

from superpose.cli import main
from superpose.cli.plain_text import formula
from superpose.kinds.options import options_of
from superpose.kinds.roles import ROLES
from superpose.plugins import load_plugins
from superpose.recipe.tables import Run


def told(capsys, *arguments):
    assert main(["kinds", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("role", ROLES)
def test_a_role_lists_its_kinds_and_no_others(role, capsys):
    text = told(capsys, ROLES[role].plural)
    listed = re.findall(r"^  (\w+) +(\S+)  ", text.split("\n\n")[0], re.MULTILINE)
    assert sorted(kind for mine, kind in listed if mine == role) == sorted(load_plugins().kinds(role))
    assert {mine for mine, _ in listed} <= {role, "role"}


def test_a_view_has_more_keys_than_its_options(capsys):
    text = told(capsys, "view")
    for key in ("weight", "negative", "guidance", "guidance_stages"):
        assert f"\n  {key}: " in text


def test_a_word_that_is_a_role_and_a_kind_prints_both(capsys):
    text = told(capsys, "classifier")
    assert "glyphs-classifier" in text
    assert "classifier (guidance)" in text


def test_the_table_of_the_run_has_a_manual(capsys):
    text = told(capsys, "run")
    for option in options_of(Run):
        assert f"\n  {option.name}: {option.form.words}" in text


def test_as_json_there_is_every_kind_with_every_option(capsys):
    found = {(one["role"], one["kind"]): one for one in json.loads(told(capsys, "--json"))}
    registry = load_plugins()
    assert set(found) == {(role, kind) for role in ROLES for kind in registry.kinds(role)}
    for (role, kind), one in found.items():
        assert [it["name"] for it in one["options"]] == [it.name for it in options_of(registry.get(role, kind))]
    [rotate] = json.loads(told(capsys, "rotate", "--json"))
    assert rotate["options"][0]["range"] == "> 0 and < 360"
    assert [it["name"] for it in json.loads(told(capsys, "run", "--json"))["options"]][:2] == ["samples", "seed"]


@pytest.mark.parametrize("role", ROLES)
def test_no_manual_shows_markup(role, capsys):
    for kind in load_plugins().kinds(role):
        text = told(capsys, kind)
        for mark in (":math:", ".. math::", "``", "\\", "{cond}"):
            assert mark not in text.partition("\nexample\n")[0], f"{kind} shows {mark}"


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\epsilon \leftarrow \epsilon - s\, \sigma_t \nabla_{x_t}", "ε ← ε - s σₜ ∇_(x_t)"),
        (r"\frac{\sqrt{1 - \bar\alpha_t}}{\sqrt{\bar\alpha_t}}", "(√(1 - ᾱₜ))/(√(ᾱₜ))"),
        (r"\tilde{x}_0^{(k)}", "x̃₀^((k))"),
        (r"e^{-2} + 10^{-i}", "e⁻² + 10⁻ⁱ"),
    ],
)  # fmt: skip
def test_a_formula_is_one_line_of_text(latex, plain):
    assert formula(latex) == plain
