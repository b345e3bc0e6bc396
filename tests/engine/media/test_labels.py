"""Classes as prompts: numbers, names of a file, and what is near where there is no such class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import PromptError, RecipeError, class_of


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("tench, Tinca tinca\ngoldfish\nGreat White\n")
    return path


@given(st.integers(0, 30), st.integers(1, 20))
def test_a_number_is_a_class_where_there_are_so_many(number, classes):
    if number < classes:
        assert class_of(str(number), classes) == number
    else:
        with pytest.raises(PromptError, match=f"write a class from 0 to {classes - 1}; for names give `labels`"):
            class_of(str(number), classes)


@pytest.mark.parametrize("prompt", ["²", "٣", "-1", "1.0", " 1", ""])
def test_what_only_looks_like_a_number_is_none(prompt):
    with pytest.raises(PromptError, match="write a class from 0 to 9"):
        class_of(prompt, 10)


@pytest.mark.parametrize(
    ("prompt", "number"),
    [("goldfish", 1), ("GOLDFISH", 1), ("tinca tinca", 0), ("tench, tinca tinca", 0), ("great white", 2), ("2", 2)],
)
def test_a_name_of_a_file(prompt, number, labels):
    assert class_of(prompt, 3, labels) == number


def test_the_nearest_names_are_told(labels):
    with pytest.raises(PromptError, match=r"prompt 'goldfihs': write a class from 0 to 2; did you mean 'goldfish'\?$"):
        class_of("goldfihs", 3, labels)


def test_a_file_of_another_number_of_classes_is_refused(labels):
    with pytest.raises(RecipeError, match=r"labels\.txt has 3 lines, and the network knows 4 classes"):
        class_of("goldfish", 4, labels)


def test_a_network_without_classes_knows_no_prompt():
    assert class_of("", None) is None
    with pytest.raises(PromptError, match='this network knows no classes; write ""'):
        class_of("0", None)
