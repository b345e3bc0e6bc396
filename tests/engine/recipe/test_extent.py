"""The table ``[canvas]``: sizes, several canvases, and what is refused before any weight is read."""

import pytest
import torch

from superpose import MistakesError, compose, inspect, loads
from superpose.recipe.extent import Extent

HEAD = "model = {kind = 'glyphs'}\nscheduler = {kind = 'ddim', steps = 2}\nrun = {samples = 2, threads = 1}\n"
WIDE = "canvas = {size = [32, 80]}\n"
PANORAMA = "[[view]]\nkind = 'panorama'\nprompt = 'A'\n"


def test_it_says_the_size_of_all_canvases():
    assert Extent().over((3, 32, 32)) == (3, 32, 32)
    assert Extent(size=(8, 12), count=3).over((4, 64, 64)) == (4, 24, 12)
    assert Extent(size=(8, 12), count=3).scaled(2.0) == Extent(size=(16, 24), count=3)
    assert Extent(count=3).scaled(2.0) == Extent(count=3)
    with pytest.raises(ValueError, match="at most"):
        Extent(size=(2**14, 2**14))


def test_a_recipe_says_it_and_is_written_with_it():
    recipe = loads(HEAD + WIDE + PANORAMA)
    assert (recipe.shape, recipe.image_shape) == ((3, 32, 80), (3, 32, 80))
    assert recipe.table()["canvas"] == {"size": [32, 80], "count": 1}
    assert "canvas" not in loads(HEAD + "prompt = 'A'").table()


def test_a_canvas_as_large_as_the_model_s_image_is_the_plain_run_bit_for_bit():
    plain = compose(loads(HEAD + "prompt = 'A'")).trajectory(range(2)).run()
    for canvas in (
        "canvas = {}\nprompt = 'A'",
        f"canvas = {{}}\n{PANORAMA}",
        f"canvas = {{}}\n{PANORAMA}wrap = 'none'",
    ):
        assert torch.equal(compose(loads(HEAD + canvas)).trajectory(range(2)).run(), plain), canvas


def test_a_sample_is_the_same_alone_and_a_wide_one_asks_a_row_for_each_window():
    recipe = loads(HEAD + WIDE + PANORAMA)
    composition = compose(recipe)
    both = composition.trajectory(range(2)).run()
    assert both.shape == (2, 3, 32, 80)
    assert torch.equal(composition.trajectory([1]).run(), both[1:])
    assert inspect(recipe).rows == 4


def test_canvases_that_nothing_ties_are_images_of_their_own():
    canvases = "".join(
        f"[[view]]\nkind = 'canvas'\nnumber = {i}\nprompt = '{letter}'\n" for i, letter in enumerate("AB")
    )
    recipe = loads(HEAD + "canvas = {count = 2}\n" + canvases)
    trajectory = compose(recipe).trajectory([0])
    state, noise = trajectory.start(), trajectory.start().x
    while state.step < trajectory.steps:
        state = trajectory.step(state)
    shown = trajectory.finish(state)
    assert shown.shape == (1, 3, 64, 32)
    for i, letter in enumerate("AB"):
        alone = compose(loads(HEAD + f"prompt = '{letter}'")).trajectory([0])
        state = alone.start()
        state = type(state)(0, noise[:, :, 32 * i : 32 * (i + 1)].contiguous(), state.memory)
        while state.step < alone.steps:
            state = alone.step(state)
        torch.testing.assert_close(shown[:, :, 32 * i : 32 * (i + 1)], state.x, rtol=0, atol=1e-5)


def test_views_nest_around_and_inside_a_panorama():
    turned = "[[view]]\nkind = 'rotate'\ndegrees = 180\n[[view.view]]\nkind = 'panorama'\nprompt = 'A'\n"
    inside = "[[view]]\nkind = 'panorama'\n[[view.view]]\nkind = 'identity'\nprompt = 'A'\n"
    inside += "[[view.view]]\nkind = 'rotate'\nprompt = 'V'\n"
    chained = "[[view]]\nkind = 'chain'\nviews = [{kind = 'rotate'}, {kind = 'panorama'}]\nprompt = 'A'\n"
    inner, outer, chain = (inspect(loads(HEAD + WIDE + text)) for text in (inside, turned, chained))
    assert (inner.rows, outer.rows, chain.rows) == (8, 4, 4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("prompt = 'A'", "prompt: the network sees images of 32x32, and is shown 32x80: show it parts"),
        ("[[view]]\nkind = 'window'\nprompt = 'A'", "no view shows rows 0 to 31, columns 32 to 79"),
        (
            "[[view]]\nkind = 'window'\nleft = 60\nprompt = 'A'",
            "view.0.left: window shows rows 0 to 31, columns 60 to 91",
        ),
        ("[[view]]\nkind = 'panorama'\nsize = [32, 24]\nprompt = 'A'", "sees images of 32x32, and is shown 32x24"),
        ("[[view]]\nkind = 'canvas'\nnumber = 1\nprompt = 'A'", "there is no canvas 1: there are 1"),
        ("reduction = 'keep-variance'\n" + PANORAMA, "is of views of the whole image, and here are parts"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(text, why):
    with pytest.raises(MistakesError) as refused:
        inspect(loads(HEAD + WIDE + text))
    assert why in str(refused.value)
