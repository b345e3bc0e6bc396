"""Words in recipes: what fits the canvas, and what is refused before a weight is read."""

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
