"""The reader: TOML values by the form of their option, every mistake noted in its place, and none taken for right."""

from pathlib import Path
from typing import Literal

import attrs
import pytest

from example_kinds import REGISTRY, Cfg, Flip, Steps, Window
from superpose import option
from superpose.kinds.options import Choice, Either, Listed, Named, Nested, Row, Scalar, options_of
from superpose.recipe.overrides import OverrideValue
from superpose.recipe.read import WRONG, Reader, all_right

AT = ("at",)


def reader(**options):
    return Reader(REGISTRY, options.pop("folder", Path.cwd()), **options)


def read(form, given):
    """A value, or the mistakes that were noted where it is wrong."""
    mine = reader()
    value = mine.value(form, given, AT)
    assert (value is WRONG) == bool(mine.mistakes)
    return mine.mistakes if value is WRONG else value


def test_values_are_right_together_or_not_at_all_and_each_is_read():
    seen = []
    assert all_right(seen.append(i) or (WRONG if i == 1 else i) for i in range(3)) is WRONG
    assert seen == [0, 1, 2]
    assert all_right([1, 2]) == (1, 2)
    assert all_right([]) == ()
    assert all_right([False, None, ""]) == (False, None, ""), "what is false is not wrong"


@pytest.mark.parametrize(
    ("form", "given", "value"),
    [
        (Scalar(int), 3, 3),
        (Scalar(float), 3, 3.0),
        (Scalar(bool), False, False),
        (Scalar(str), "", ""),
        (Choice((1, "a")), "a", "a"),
        (Listed(Scalar(int)), [], ()),
        (Listed(Listed(Scalar(int))), [[1], [2, 3]], ((1,), (2, 3))),
        (Row((Scalar(int), Scalar(str))), [1, "a"], (1, "a")),
        (Either((Scalar(int), Choice(("auto",)))), "auto", "auto"),
        (Nested(Window), {"start": 0.5}, Window(start=0.5)),
        (Named("view"), {"kind": "flip"}, Flip()),
    ],
)
def test_a_value_of_its_form_is_read(form, given, value):
    got = read(form, given)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("form", "given", "path", "what"),
    [
        (Scalar(int), 3.0, AT, "expected a whole number, got 3.0"),
        (Scalar(int), True, AT, "expected a whole number, got true"),
        (Scalar(float), float("nan"), AT, "must be finite, got nan"),
        (Scalar(float), 10**400, AT, f"must be finite, got {10**400}"),
        (Scalar(str), None, AT, "expected text, got"),
        (Choice(("near", "far")), "neer", AT, "expected one of 'near', 'far', got 'neer'; did you mean 'near'?"),
        (Choice((1, 2)), True, AT, "expected one of 1, 2, got true"),
        (Listed(Scalar(int)), [1, "x", 3], ("at", 1), "expected a whole number, got 'x'"),
        (Row((Scalar(int), Scalar(int))), [1], AT, "expected a list of 2 (a whole number, a whole number), got 1"),
        (
            Either((Scalar(int), Choice(("auto",)))),
            "atuo",
            AT,
            "expected a whole number or 'auto', got 'atuo'; did you",
        ),
        (Nested(Window), {"start": 2.0}, ("at", "start"), "must be at most 1, got 2.0"),
        (Nested(Window), {"start": 0.5, "stop": 0.1}, AT, "stop is 0.1, before start 0.5"),
        (Named("view"), {"kind": "flop"}, ("at", "kind"), "no such view 'flop'; did you mean 'flip'"),
    ],
)
def test_a_value_of_another_form_is_told_in_its_place(form, given, path, what):
    [(place, told)] = read(form, given)
    assert place == path
    assert told.startswith(what)


def test_every_mistake_of_a_list_and_a_table_is_noted():
    mine = reader()
    assert mine.value(Listed(Scalar(int)), ["a", 1, "b"], AT) is WRONG
    assert [path for path, _ in mine.mistakes] == [("at", 0), ("at", 2)]
    mine = reader()
    assert mine.options(Steps, {"steps": 0, "eta": 2, "nothing": 1}, AT, ("kind",)) is WRONG
    assert [path[-1] for path, _ in mine.mistakes] == ["steps", "eta", "nothing"]


def test_a_required_option_that_is_missing_says_what_it_is_and_another_has_its_default():
    steps, eta = options_of(Steps)[:2]
    mine = reader()
    assert mine.option(eta, {}, AT) == 0.0
    assert mine.option(steps, {}, AT) is WRONG
    assert mine.mistakes == [(("at", "steps"), "missing (number of steps; a whole number)")]


def test_keys_that_are_beside_the_options_are_left_to_others():
    mine = reader()
    made = mine.kind("guidance", {"kind": "cfg", "scale": 2, "prompt": object()}, AT, ("prompt",))
    assert (made, mine.mistakes) == (Cfg(scale=2.0), [])


@attrs.frozen(kw_only=True)
class Typed:
    """Takes text, a path or a number, as an override may say it."""

    text: str = option("", doc="a text")
    file: Path | None = option(None, doc="a path")
    way: int | Literal["auto"] = option("auto", doc="a number, or auto")


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("text", OverrideValue(3, "3"), "3"),
        ("text", OverrideValue("3", '"3"'), "3"),
        ("way", OverrideValue(3, "3"), 3),
        ("way", OverrideValue("auto", "auto"), "auto"),
    ],
)
def test_an_override_is_what_its_option_takes(name, said, value):
    mine = reader()
    made = mine.options(Typed, {name: said}, AT)
    assert mine.mistakes == []
    assert getattr(made, name) == value


def test_paths_are_relative_to_the_file_and_in_overrides_to_where_one_works(tmp_path, monkeypatch):
    (tmp_path / "recipes").mkdir()
    for name in ("a.png", "recipes/a.png"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    mine = reader(folder=tmp_path / "recipes")
    assert mine.value(Scalar(Path), "a.png", AT) == tmp_path / "recipes" / "a.png"
    assert mine.value(Scalar(Path), "../a.png", AT) == tmp_path / "a.png"
    assert mine.value(Scalar(Path), OverrideValue("a.png", "a.png"), AT) == tmp_path / "a.png"
    assert mine.value(Scalar(Path), "b.png", AT) is WRONG
    assert mine.mistakes == [(AT, f"no such file: {tmp_path / 'recipes' / 'b.png'}")]


def test_where_files_travel_no_other_file_is_looked_for(tmp_path):
    (tmp_path / "secret").touch()
    mine = reader(folder=tmp_path, files={"a.png": tmp_path / "unpacked.png"})
    assert mine.value(Scalar(Path), "a.png", AT) == tmp_path / "unpacked.png"
    for name in ("secret", str(tmp_path / "secret")):
        assert mine.value(Scalar(Path), name, AT) is WRONG
    assert all("does not travel with the recipe" in what for _, what in mine.mistakes)


def test_a_class_that_refuses_its_options_together_is_told_in_one_line():
    mine = reader()

    def refuse(**options):
        raise ValueError("no\n  such   thing")

    assert mine.made(refuse, {}, AT) is WRONG
    assert mine.made(refuse, {"x": WRONG}, ("never",)) is WRONG
    assert mine.mistakes == [(AT, "no such thing")], "it is not made of what is wrong already"


def test_a_key_that_is_unknown_is_noted_beside_what_is_right():
    mine = reader()
    assert mine.value(Nested(Window), {"start": 0.5, "stp": 0.1}, AT) == Window(start=0.5)
    assert mine.mistakes == [(("at", "stp"), "unknown key; did you mean 'stop'?")]
