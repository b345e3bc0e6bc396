"""Errors: one line a mistake, whatever they are made of."""

import warnings

import pytest

from superpose import LawError, PluginError, PromptError, RecipeError, RunError, SuperposeError
from superpose.errors import Notice, notices


def test_errors_inside_errors_are_their_lines():
    inner = RecipeError("one", "two")
    assert RecipeError(inner, "three", 4).lines == ("one", "two", "three", "4")
    assert str(RecipeError(inner, "three")) == "one\ntwo\nthree"


@pytest.mark.parametrize("kind", [LawError, PluginError, PromptError, RecipeError, RunError])
def test_all_are_for_the_person_at_the_keyboard(kind):
    error = kind("what is wrong")
    assert isinstance(error, SuperposeError)
    assert error.lines == ("what is wrong",)


def test_a_law_names_the_term_at_fault():
    assert LawError("the second breaks it", term=1).term == 1
    assert LawError("all of it").term is None
    assert isinstance(PromptError("unknown"), RecipeError), "a prompt is part of a recipe"


def test_notices_are_told_and_other_warnings_are_as_they_were():
    told = []
    with warnings.catch_warnings(record=True) as caught, notices(lambda news: told.append(str(news))):
        warnings.simplefilter("always")
        warnings.warn("by the way", Notice, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert told == ["by the way"]
    assert [str(one.message) for one in caught] == ["old"]
