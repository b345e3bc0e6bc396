"""Maps of the images of a run: those of the recipe, beside its images, on its sheet with the scores that are there."""

import numpy as np
import pytest
from PIL import Image

from superpose import Notice, RecipeError, loads, run
from superpose.media.png import read_origin, write_png
from superpose.media.word_maps import read_maps
from superpose.running.album import hashes_of
from superpose.running.composition import compose
from superpose.running.mapped import map_run
from superpose.running.maps import asked, watched
from superpose.search.scores import Score, Scores

TEXT = """
model = {kind = "glyphs-ldm"}
scheduler = {kind = "ddim", steps = 3}
run = {seed = 3, samples = 2}

[[view]]
kind = "identity"
prompt = "bold A"

[[view]]
kind = "rotate"
prompt = "V in red"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run(loads(TEXT), tmp_path_factory.mktemp("maps") / "run")


def test_maps_are_those_of_the_samples(made):
    folder = made.sheet.parent
    before = np.asarray(Image.open(made.sheet))
    assert map_run(folder, ["A", "red"]) == [folder / "maps.json", *made.sheets]
    maps = read_maps(folder)
    assert [tuple(one) for one in maps.words] == [("A", "bold A"), ("red", "V in red")]
    assert [step.partition(",")[0] for step in maps.steps] == ["step 0", "step 1", "step 2"]
    recipe = loads(TEXT)
    stage = compose(recipe, "cpu").stages[0]
    both = watched(stage, asked(recipe, stage.predictor, ["A", "red"]), [0, 1])
    for every, path in zip(both.maps, made.images, strict=True):
        got = maps.images[path.name] / 255
        assert np.abs(got - every.transpose(0, 1).numpy()).max() <= 0.5 / 255 + 1e-6
        assert (got.max((1, 2, 3)) == 1).all()
    after = np.asarray(Image.open(made.sheet))
    assert after.size > 1.5 * before.size, "two readings, and as many words"


def test_scores_stay_on_the_sheet(made):
    folder = made.sheet.parent
    map_run(folder, ["A"], frames=2)
    before = np.asarray(Image.open(made.sheet)).astype(int)
    scores = {path.name: Score(0.9, 0.8, (True, True), (0.9, 0.9)) for path in made.images}
    Scores("reader", {}, {}, ("bold A", "V in red"), scores, hashes_of(made.images)).write(folder)
    map_run(folder, ["A"], frames=2)
    after = np.asarray(Image.open(made.sheet)).astype(int)
    assert before.shape == after.shape
    green = (after == (16, 112, 56)).all(-1)
    assert green.any()
    assert not (before == (16, 112, 56)).all(-1).any()


def test_an_image_of_other_weights_is_told(made, tmp_path):
    write_png(tmp_path / "0001.png", np.zeros((32, 32, 3), np.uint8), read_origin(made.images[1]))
    with pytest.warns(Notice, match=r"0001\.png was made with other weights or versions"):
        map_run(tmp_path, ["A"], frames=2)


@pytest.mark.parametrize(
    ("words", "frames", "message"),
    [
        (["green"], 8, "no prompt of this recipe has the word 'green'"),
        ([], 1, "frames must be between 2 and 40, got 1"),
    ],
)
def test_what_has_no_maps_is_refused(made, words, frames, message):
    with pytest.raises(RecipeError, match=message):
        map_run(made.sheet.parent, words, frames=frames)


def test_a_folder_of_no_run_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="no images of a run are in it"):
        map_run(tmp_path, [])
