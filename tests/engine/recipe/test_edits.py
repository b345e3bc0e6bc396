"""Files of edits: what a pair is told is a function of (seed, pair), and every mistake is told where it stands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from superpose import RecipeError
from superpose.recipe.edits import Edit, Edits, load_edits

SHIPPED = Path(__file__).parents[3] / "recipes" / "edits" / "glyphs.toml"
COLOURS = ("red", "blue", "green")
EDITS = Edits(
    edit=(
        Edit(before="A in {from}", after="A in {to}", instruction="make it {to}", back="make it {from}"),
        Edit(before="{glyph}", after="bold {glyph}", instruction="make it bold", weight=3.0),
    ),
    words={"from": COLOURS, "to": COLOURS, "glyph": ("B", "C")},
    together=2,
)


def test_words_stand_where_they_are_named_and_nothing_stays_as_it_is() -> None:
    for pair in range(0, 400, 2):
        before, after, instruction, back = EDITS.told(0, pair)
        assert before != after
        if back:
            assert (before, after) == (f"A in {back.split()[-1]}", f"A in {instruction.split()[-1]}")
        else:
            assert (after, instruction) == (f"bold {before}", "make it bold")


def test_a_pair_is_told_by_its_number_and_the_seed_alone() -> None:
    told = [EDITS.told(7, pair) for pair in range(100)]
    assert told == [EDITS.told(7, pair) for pair in range(100)]
    assert all(told[pair] == told[pair + 1] for pair in range(0, 100, 2)), "two in a row are told the same"
    assert told != [EDITS.told(8, pair) for pair in range(100)]


def test_edits_are_drawn_by_their_weights_and_words_evenly() -> None:
    told = [EDITS.told(1, pair) for pair in range(0, 4000, 2)]
    bold = [one for one in told if not one.back]
    assert abs(len(bold) / len(told) - 9 / 11) < 0.04, "of the first edit a third of the draws changes nothing"
    words = Counter(one.before for one in bold)
    assert abs(words["B"] / len(bold) - 1 / 2) < 0.05


def test_words_that_never_differ_are_told() -> None:
    same = Edits(edit=(Edit(before="{a}", after="{a}", instruction="stay"),), words={"a": ("x",)})
    with pytest.raises(RecipeError, match="in 1000 draws of words before and after were the same, 'x'"):
        same.told(0, 0)


def test_the_shipped_file_is_read() -> None:
    edits = load_edits(SHIPPED)
    told = {edits.told(0, pair).instruction for pair in range(0, 2000, edits.together)}
    assert {"make it blue", "make it bold", "make it italic", "put it on yellow"} <= told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "edit: missing; write [[edit]] with before, after and instruction"),
        ('[edit]\nbefore = "A"', "edit: expected a list of tables, got a table; write [[edit]] above each of them"),
        ('[[edit]]\nbefore = "A"\nafter = "B"', "e.toml:1:1: edit.0.instruction: missing (what is said to change"),
        (
            '[words]\ncolour = ["red"]\n[[edit]]\nbefore = "A"\nafter = "A in {color}"\ninstruction = "x"',
            "e.toml:5:1: edit.0.after: {color} is no list of [words]; did you mean 'colour'?",
        ),
        (
            '[[edit]]\nbefore = "A"\nafter = "A in {hue}"\ninstruction = "x"',
            "edit.0.after: {hue} is no list of [words]: write [words] with hue = [...]",
        ),
        (
            '[words]\na = ["x"]\n[[edit]]\nbefore = "A"\nafter = "B"\ninstruction = "make it {a}"',
            "edit.0.instruction: neither prompt has {a}, so nothing shows it: write it into before or after",
        ),
        ("words = {a = []}\n[[edit]]", 'words.a: has no word: write a = ["red", "blue"]'),
        ("words = 3\n[[edit]]", "words: expected a table, got 3; write [words] with a list on each line"),
        ("together = 0\n[[edit]]", "together: must be at least 1, got 0"),
        ("edits = 1\n[[edit]]", "edits: unknown key; did you mean 'edit'?"),
        ("[[edit]]\n[[keep]]\nmost = 1.0", "keep.0.loss: missing"),
        ('[[edit]]\n[[keep]]\nloss = {kind = "edges"}', "keep.0: says neither most nor least"),
        (
            '[[edit]]\n[[keep]]\nmost = 1.0\nloss = {kind = "edges", image = "a.png"}',
            "keep.0.loss.image: it is the picture before, of each pair its own: leave it out",
        ),
        (
            '[[edit]]\n[[keep]]\nmost = 1.0\nloss = {kind = "colour"}',
            "keep.0.loss: 'colour' compares with no image: choose one with an option 'image'",
        ),
        ('[[edit]]\n[[keep]]\nmost = 1.0\nloss = {kind = "edgs"}', "did you mean 'edges'"),
    ],
)
def test_mistakes_are_told_where_they_stand(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "e.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as error:
        load_edits(file)
    assert any(why in line for line in error.value.lines), error.value.lines
