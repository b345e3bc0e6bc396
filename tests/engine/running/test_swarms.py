"""Runs with a population: resumed in mid-swarm, replayed without one, told of in files and filmstrips."""

import json

import attrs
import numpy as np
import pytest
import torch
from PIL import Image

from folders import contents
from superpose import RecipeError, inspect, loads, read_image, replay, run
from superpose.cli import main
from superpose.media.png import read_origin
from superpose.media.sheet import Mark, Note, layout_of, sheet
from superpose.running import composition, keeping
from superpose.running.album import album
from superpose.running.gallery.contents import run_of
from superpose.running.record import read_record
from superpose.running.steps import filmstrip
from superpose.running.swarms import with_sizes

STEPS, SIZE = 6, 3
PLAIN = f"""prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddpm"
steps = {STEPS}
[run]
samples = 3
at_once = 2
batch_size = 4
"""
STEERED = f"""{PLAIN}
[population]
kind = "fk-steering"
size = {SIZE}
every = 2
scale = 4.0
label = "B"
classifier = {{ kind = "glyphs-classifier" }}
"""


def at(path, text=STEERED, **options):
    return run(loads(text), path, device="cpu", **options)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a run with a population."""
    return at(tmp_path_factory.mktemp("made")).images[0].parent


def test_an_image_knows_its_lineage_and_the_sizes_of_its_swarm(made):
    origins = [read_origin(made / f"{k:04}.png") for k in range(3)]
    assert any(len(origin.lineage) > 1 for origin in origins), "nothing was ever resampled here"
    for origin in origins:
        assert origin.lineage[0][0] == 0
        assert all(0 <= slot < SIZE for _, slot in origin.lineage)
        assert len(origin.effective_sizes) == 4  # after steps 0, 2, 4 and the last
        assert all(1 <= size <= SIZE for size in origin.effective_sizes)
    record = read_record(made)
    assert record.effective_sizes == {f"{k:04}.png": list(origins[k].effective_sizes) for k in range(3)}


def test_a_replay_needs_no_population_and_makes_the_same_bytes(made, tmp_path, monkeypatch):
    composed = []
    compose = composition.compose
    monkeypatch.setattr(
        "superpose.running.job.compose", lambda recipe, device: composed.append(recipe) or compose(recipe, device)
    )
    for k in range(3):
        path = made / f"{k:04}.png"
        assert replay(path, tmp_path / "again", device="cpu").read_bytes() == path.read_bytes()
    assert [recipe.population for recipe in composed] == [None] * 3


def test_a_population_of_one_makes_the_pixels_of_none(tmp_path):
    from PIL import Image

    one = at(tmp_path / "one", STEERED.replace(f"size = {SIZE}", "size = 1")).images
    none = at(tmp_path / "none", PLAIN).images
    for mine, plain in zip(one, none, strict=True):
        assert np.array_equal(np.asarray(Image.open(mine)), np.asarray(Image.open(plain)))


@pytest.mark.parametrize("number", [2, 5, 8])
def test_a_run_that_is_stopped_in_mid_swarm_goes_on(made, tmp_path, monkeypatch, number):
    seen, kept = [], keeping.Keeper.keep

    def keep(self, state):
        kept(self, state)
        seen.append(state.step)
        if len(seen) == number:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(keeping.Keeper, "keep", keep)
        with pytest.raises(KeyboardInterrupt):
            at(tmp_path)
    at(tmp_path, resume=True)
    again, whole = contents(tmp_path), contents(made)
    assert {name: again[name] for name in again if name.endswith(".png")} == {
        name: whole[name] for name in whole if name.endswith(".png")
    }
    assert read_record(tmp_path).effective_sizes == read_record(made).effective_sizes


def test_what_is_there_is_not_made_again(made, capsys):
    before = {path.name: path.stat().st_mtime_ns for path in made.glob("0*.png")}
    at(made, resume=True)
    assert {path.name: path.stat().st_mtime_ns for path in made.glob("0*.png")} == before


def test_a_filmstrip_shows_the_particle_that_became_the_image():
    strip = filmstrip(loads(STEERED), samples=3, frames=3)
    alone = filmstrip(attrs.evolve(loads(STEERED), population=None), samples=3, frames=3)
    assert strip.shape == alone.shape
    assert (strip != alone).any()


def test_check_counts_every_particle(tmp_path, capsys):
    plain, steered = inspect(loads(PLAIN)), inspect(loads(STEERED))
    assert (steered.rows, steered.total) == (SIZE * plain.rows, SIZE * plain.total)
    assert steered.evaluations == plain.evaluations
    path = tmp_path / "steered.toml"
    path.write_text(STEERED)
    assert main(["check", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "3 particles a sample" in said
    assert "3 network rows a sample and step, 6 evaluations: 18 rows a sample" in said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('kind = "ddpm"', 'kind = "ddim"'), "population: fk-steering needs a stochastic scheduler, and ddim as set"),
        (("every = 2", "every = 2\nstart = 0.9\nstop = 0.1"), "population: stop must be after start"),
        (('label = "B"', 'label = "nothing"'), "population.label: classifier 'glyphs-classifier'"),
        (("glyphs-classifier", "pictograms-classifier"), "population.classifier: its classifier reads images of"),
        (("size = 3", "size = 0"), "population.size: must be at least 1, got 0"),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_weight_is_read(change, told):
    with pytest.raises(RecipeError, match=told):
        inspect(loads(STEERED.replace(*change)))


def test_an_image_that_asks_for_nothing_is_read_as_nothing():
    asked = STEERED.replace('label = "B"', "")
    inspect(loads(asked))
    with pytest.raises(RecipeError, match=r"population\.label: the recipe has no prompt that a classifier could read"):
        inspect(loads(asked.replace('prompt = "A"', 'prompt = ""')))


def test_an_origin_of_a_stranger_is_read_with_care(made):
    origin = read_origin(made / "0000.png")
    values = json.loads(origin.to_json())
    for lineage in ([[0]], [[0, -1]], [["0", 1]], [[0.5, 1]], 3):
        with pytest.raises(ValueError, match="not written by superpose"):
            type(origin).from_json(json.dumps(values | {"lineage": lineage}))
    with pytest.raises(ValueError, match="not written by superpose"):
        type(origin).from_json(json.dumps(values | {"effective_sizes": ["3"]}))


def test_images_without_a_population_say_nothing_of_one(tmp_path):
    [first, *_] = at(tmp_path, PLAIN).images
    assert not {"lineage", "effective_sizes"} & set(json.loads(read_origin(first).to_json()))


def test_the_particle_that_is_picked_goes_on_to_the_next_stage(tmp_path):
    stage = '[[stage]]\nmodel = { kind = "glyphs-cascade" }\nscheduler = { kind = "ddim", steps = 2 }\n'
    text = STEERED.replace(f"steps = {STEPS}", "steps = 3").replace("[run]", f"{stage}[run]")
    first, second = inspect(loads(text)).stages
    assert (first.rows, second.rows) == (SIZE, 1)
    made = at(tmp_path / "made", text).images
    assert any(len(read_origin(path).lineage) > 1 for path in made), "nothing was ever resampled here"
    for path in made:
        assert replay(path, tmp_path / "again", device="cpu").read_bytes() == path.read_bytes()


def test_sheet_gallery_and_show_tell_the_sizes(made, capsys):
    images, subject, right = {k: made / f"{k:04}.png" for k in range(3)}, loads(STEERED).subject, Mark("x", right=True)
    sizes = [list(read_origin(path).effective_sizes) for path in images.values()]
    least = [f"{min(each):.1f}" for each in sizes]
    told = with_sizes({1: Note("0.5", (right,))}, images, subject)
    assert [told[k].title for k in images] == [f"ESS {least[0]}", f"0.5  ESS {least[1]}", f"ESS {least[2]}"]
    assert [told[k].marks for k in images] == [(None,), (right,), (None,)]
    pixels = torch.stack([read_image(path, (3, 32, 32)) for path in images.values()])
    layout, _ = layout_of(pixels[:1], subject, 3)
    wanted = sheet(pixels, subject, [0, 1, 2], notes=with_sizes({}, images, subject), layout=layout)
    with Image.open(made / "sheet.png") as page:
        assert np.array_equal(page, wanted)
    with album(made) as found:
        assert [image["sizes"] for image in run_of(found, 2**20)["images"]] == sizes
    assert main(["show", str(images[0])]) == 0
    told = f"effective sample size {least[0]} at least, {sizes[0][-1]:.1f} at last"
    assert told in capsys.readouterr().out


def test_without_a_population_notes_stay_as_they_are(tmp_path):
    image = at(tmp_path, PLAIN).images[0]
    notes = {0: Note("0.5", (None,))}
    assert with_sizes(notes, {0: image}, loads(PLAIN).subject) is notes
