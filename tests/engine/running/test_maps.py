"""Attention maps of a recipe: the words they are of, and that the images stay the same."""

import pytest
import torch

import superpose
from superpose import RecipeError, loads
from superpose.running.composition import compose
from superpose.running.maps import Watched, _found, maps

TEXT = """
prompt = "bold A in red"
model = {kind = "glyphs-ldm"}
scheduler = {kind = "ddim", steps = 3}
guidance = {kind = "cfg", scale = 3.0}
run = {seed = 3}
"""


def test_there_is_a_row_for_the_image_and_one_for_each_word():
    every, two = maps(loads(TEXT), []), maps(loads(TEXT), ["A", "red"])
    assert every.shape[2] == two.shape[2] == 3
    assert every.shape[1] == two.shape[1]
    assert every.shape[0] - two.shape[0] == 2 * 102, "two words fewer, of a frame and its gap each"


def test_reading_attention_changes_no_bit():
    stage = compose(loads(TEXT), "cpu").stages[0]
    read = []
    words = _found(stage.predictor, ["bold A in red"], ["red"])
    import attrs

    watched = attrs.evolve(stage, denoiser=Watched(stage.denoiser, stage.predictor, words, read))
    assert torch.equal(watched.trajectory([0, 1]).run(), stage.trajectory([0, 1]).run())
    assert [one.shape for one in read] == [(2, 1, 8, 8)] * 3


def test_the_maps_of_all_words_and_the_filling_sum_to_one():
    stage = compose(loads(TEXT), "cpu").stages[0]
    words = _found(stage.predictor, ["bold A in red"], [])
    assert [one.word for one in words] == ["bold", "A", "in", "red"]
    from superpose.running.maps import AskedWord

    whole, read = [AskedWord("all", "bold A in red", tuple(range(8)))], []
    x, level = torch.randn(1, 4, 8, 8), stage.predictor.schedule.level(0, 500)
    superpose.evaluate(Watched(stage.denoiser, stage.predictor, whole, read), x, level)
    torch.testing.assert_close(read[0], torch.ones(1, 1, 8, 8))


def test_what_is_drawn_is_looked_at_where_it_is():
    """At the end places of ink and of paper look at the colour of the ink differently."""
    stage = compose(loads(TEXT.replace("steps = 3", "steps = 12")), "cpu").stages[0]
    read, words = [], _found(stage.predictor, ["bold A in red"], ["A"])
    import attrs

    watched = attrs.evolve(stage, denoiser=Watched(stage.denoiser, stage.predictor, words, read))
    image = watched.trajectory([0]).run()
    ink = torch.nn.functional.avg_pool2d((image.amin(1, keepdim=True) < 0).float(), 4)[0, 0] > 0.4
    last = read[-1][0, 0]
    assert abs(float(last[ink].mean() - last[~ink].mean())) > 0.02


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (TEXT, ["green"], "no prompt of this recipe has the word 'green': write some of bold, A, in, red"),
        (
            TEXT + 'canvas = {size = [8, 16]}\nview = [{kind = "panorama", prompt = "bold A"}]\n',
            [],
            "view 'panorama' shows it 3 windows, each with maps of its own",
        ),
        (TEXT.replace("glyphs-ldm", "glyphs").replace("bold A in red", "A"), [], "has no attention to words"),
    ],
)
def test_what_has_no_maps_is_refused(text, words, message):
    text = text.replace('prompt = "bold A in red"', "", 1) if "view =" in text else text
    with pytest.raises(RecipeError, match=message):
        maps(loads(text), words)


@pytest.mark.parametrize(("name", "value"), [("frames", 1), ("samples", 9)])
def test_so_many_are_not_shown(name, value):
    with pytest.raises(RecipeError, match=f"{name} must be between"):
        maps(loads(TEXT), [], **{name: value})
