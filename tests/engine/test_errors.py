"""Errors: one line a mistake, whatever they are made of."""

import pytest

from superpose import LawError, PluginError, PromptError, RecipeError, RunError, SuperposeError


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
