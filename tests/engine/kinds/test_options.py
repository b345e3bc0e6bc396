"""What the annotations of a kind's fields mean."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Literal

import attrs
import pytest

from example_kinds import Box, Cfg, Inpaint, Steps, Window
from superpose.kinds.kind import option
from superpose.kinds.options import Choice, Either, Listed, Named, Nested, Row, Scalar, nested_options, options_of
from superpose.kinds.spelling import nearest, suggestion

if typing.TYPE_CHECKING:
    from decimal import Decimal


@pytest.mark.parametrize(
    ("cls", "name", "form", "words"),
    [
        (Steps, "steps", Scalar(int), "a whole number"),
        (Steps, "eta", Scalar(float), "a number"),
        (Steps, "grid", Choice(("leading", "trailing")), "one of 'leading', 'trailing'"),
        (Steps, "levels", Listed(Scalar(float)), "a list (each item a number)"),
        (Steps, "order", Either((Scalar(int), Choice(("auto",)))), "a whole number or 'auto'"),
        (Cfg, "window", Nested(Window), "a table"),
        (Inpaint, "image", Scalar(Path), "a path"),
        (Inpaint, "feather", Scalar(bool), "true or false"),
        (Box, "corner", Row((Scalar(int), Scalar(int))), "a list of 2 (a whole number, a whole number)"),
        (Box, "through", Named("view"), "a table with the kind of a view"),
        (Box, "note", Scalar(str), "text"),
    ],
)
def test_form_and_words(cls, name, form, words):
    found = next(option for option in options_of(cls) if option.name == name)
    assert found.form == form
    assert found.form.words == words


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (Scalar(int), [0, -3], [True, 1.0, "1", [1]]),
        (Scalar(float), [0, 0.5], [True, "1"]),
        (Scalar(str), ["", "x"], [1, True, ["x"]]),
        (Scalar(bool), [True], [1, "true"]),
        (Choice((1, 2)), [1, 2], [True, 1.0, 3, "1"]),
        (Listed(Scalar(int)), [[], [1]], ["a", {}]),
        (Nested(Window), [{}], [[], "a"]),
    ],
)
def test_nothing_is_coerced(form, good, bad):
    assert [value for value in good if not form.fits(value)] == []
    assert [value for value in bad if form.fits(value)] == []


def test_only_what_must_be_given_is_required():
    assert [option.name for option in options_of(Steps) if option.required] == ["steps"]


def test_options_of_tables_inside_are_found_once():
    assert [option.name for option in nested_options(Cfg)] == ["scale", "window", "start", "stop"]


@attrs.frozen(kw_only=True)
class Bare:
    x: int = 1


@attrs.frozen(kw_only=True)
class Hidden:
    _x: int = option(1, doc="d")


@attrs.frozen(kw_only=True)
class Unwritable:
    x: dict[str, int] = option(factory=dict, doc="d")


@attrs.frozen(kw_only=True)
class NeverNone:
    x: int | None = option(1, doc="d")


@attrs.frozen(kw_only=True)
class Ambiguous:
    x: tuple[int, ...] | tuple[str, ...] = option((), doc="d")


@attrs.frozen(kw_only=True)
class Unseen:
    x: Decimal = option(1, doc="d")


@attrs.frozen(kw_only=True)
class Bytes:
    x: Literal[b"a"] = option(b"a", doc="d")


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Bare, "option 'x' of Bare is not made by superpose.option(default, doc=...)"),
        (Hidden, "option '_x' of Hidden starts with an underscore: no recipe can write it"),
        (
            Unwritable,
            (
                "option 'x' of Unwritable: no recipe can write a dict[str, int]; use int, float, str, bool, Path, "
                "Literal, tuple, a role, a frozen attrs class, or one of these with None"
            ),
        ),
        (NeverNone, "option 'x' of NeverNone may be None, which no recipe can write, so None must be its default"),
        (
            Ambiguous,
            (
                "option 'x' of Ambiguous: tuple[int, ...] | tuple[str, ...] is ambiguous: two of its forms look alike "
                "in a recipe"
            ),
        ),
        (
            Unseen,
            (
                "the options of Unseen can't be read: name 'Decimal' is not defined; import it at run time, not under "
                "TYPE_CHECKING"
            ),
        ),
    ],
)
def test_an_option_that_no_recipe_can_write_is_refused(cls, message):
    with pytest.raises(TypeError) as caught:
        options_of(cls)
    assert str(caught.value) == message


def test_literals_of_other_types_are_refused():
    with pytest.raises(TypeError, match=r"no recipe can write a typing\.Literal"):
        options_of(Bytes)


def test_none_is_never_out_of_range():
    levels = next(option for option in options_of(Steps) if option.name == "levels")
    levels.check(None)
    with pytest.raises(ValueError, match="must be more than 0, got -1"):
        levels.check((1, -1))


def test_nearest_word():
    assert nearest("Rotat", ["flip", "rotate"]) == "rotate"
    assert nearest("xyz", ["flip", "rotate"]) is None
    assert suggestion("step", ["steps"]) == "; did you mean 'steps'?"
    assert suggestion("zzz", ["b", "a"]) == "; known: a, b"
    assert suggestion("zzz", []) == "; none is known"


def test_a_list_in_python_is_the_tuple_that_a_recipe_makes():
    """Kinds are looked up in tables: one that holds a list would have no hash."""
    from superpose import make

    cfg = make("guidance", "cfg")
    told = {"decomposition": make("decomposition", "hybrid")}
    one, other = (make("guidance", "banded", base=kind([cfg, cfg]), **told) for kind in (list, tuple))
    assert one == other
    assert hash(one) == hash(other)
