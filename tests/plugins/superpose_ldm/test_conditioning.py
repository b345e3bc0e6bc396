"""Prompts of latent diffusion: none, classes or words, each refused with its own sentence."""

import pytest
import torch
from torch import nn

from superpose import PromptError, RecipeError, problems_of
from superpose_ldm.conditioning import Classes, Unconditional, Words


def test_a_model_without_prompts():
    none = Unconditional()
    assert none.told(None, "cpu")("") == {}
    assert list(none.problems("")) == []
    [problem] = none.problems("cat")
    assert str(problem) == "this model knows no prompts, and was given 'cat': leave the prompt out"
    assert (none.width, none.part) == (None, None)


CLASSES = Classes(None, 4, count=4, names=("cat", "dog", "cat"))


@pytest.mark.parametrize(("prompt", "row"), [("", 3), ("0", 0), ("3", 3), ("dog", 1), ("cat", 0)])
def test_a_class_is_a_row_of_the_table(prompt, row):
    assert CLASSES.number(prompt) == row
    assert list(CLASSES.problems(prompt)) == []
    table = nn.Embedding(4, 4)
    [context] = CLASSES.told(table, "cpu")(prompt).values()
    assert torch.equal(context, table.weight[row].view(1, 1, 4))


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("4", r"unknown class '4': write a number from 0 to 3 or a name$"),
        ("dgo", r"unknown class 'dgo': .*; did you mean 'dog'\?$"),
        ("-1", "write a number from 0 to 3"),
    ],
)
def test_what_is_no_class(prompt, says):
    with pytest.raises(PromptError, match=says):
        CLASSES.number(prompt)
    [problem] = problems_of(CLASSES.problems, prompt)
    assert problem.option == ()
    with pytest.raises(RecipeError, match=says):
        raise RecipeError(str(problem))


def test_words_want_a_tokenizer(tmp_path):
    [problem] = problems_of(Words(None, 8, 77, tmp_path / "missing").problems, "a cat")
    assert "missing: no such folder; it should hold a tokenizer, such as vocab.json" in str(problem)
    [problem] = problems_of(Words(None, 8, 77, tmp_path).problems, "a cat")
    assert "holds no tokenizer that transformers reads" in str(problem)
