"""Words in recipes: what fits the canvas, and what is refused before a weight is read."""

import re

import pytest

import superpose

WORD = """prompt = "{word}"
[model]
kind = "word"
letters = 3
[model.model]
kind = "{kind}"
[scheduler]
kind = "ddim"
steps = 2
"""


def of(word, kind="glyphs"):
    return superpose.loads(WORD.format(word=word, kind=kind))


def test_the_canvas_is_as_wide_as_its_letters():
    model = of("pod").model
    assert (model.shape, model.image_shape, model.columns) == ((3, 32, 96), (3, 32, 96), 3)
    assert model.weights() == model.model.weights()
    assert model.schedule == model.model.schedule
    superpose.inspect(of("pod"))


@pytest.mark.parametrize(
    ("word", "told"),
    [("pods", "'pods' has 4 letters, and the canvas 3; write letters = 4"), ("po!", "'!'")],
)
def test_words_that_do_not_fit(word, told):
    with pytest.raises(superpose.RecipeError, match="recipe:1") as caught:
        superpose.inspect(of(word))
    assert told in str(caught.value).replace(": write", "; write")


def test_what_enlarges_paints_no_letters():
    with pytest.raises(superpose.RecipeError, match="'glyphs-cascade' paints over what is there"):
        of("pod", "glyphs-cascade")


def turning(word, other, more="", model='{kind = "glyphs"}'):
    text = f'[model]\nkind = "word"\nletters = {len(word)}\nmodel = {model}\n{more}\n'
    text += '[scheduler]\nkind = "ddim"\nsteps = 2\n'
    text += f'[[view]]\nkind = "identity"\nprompt = "{word}"\n'
    return superpose.loads(text + f'[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "{other}"\n')


def test_letters_that_are_no_others_upside_down_are_refused_the_weakest_first():
    with pytest.raises(superpose.RecipeError) as caught:
        superpose.inspect(turning("hate", "love"))
    assert re.fullmatch(
        r"recipe:1:1: model\.strict: of 16 drawings none is read right both ways of letter 4, 'e' and 'l'; letter 3, "
        r"'t' and 'o'; letter 1, 'h' and 'e': choose other letters \(e can be a, .*; l can be i, t, l\), "
        r"or write strict = false to draw them anyway",
        str(caught.value),
    )


@pytest.mark.parametrize(
    "recipe",
    [
        turning("seas", "seas"),
        turning("pod", "pod"),
        turning("hate", "love", "strict = false"),
        turning("HATE", "LOVE"),  # which nobody has measured
        superpose.loads(WORD.format(word="pod", kind="glyphs")),
    ],
    ids=["seas", "pod", "not strict", "capitals", "one reading"],
)
def test_words_that_may_be_drawn(recipe):
    superpose.inspect(recipe)
