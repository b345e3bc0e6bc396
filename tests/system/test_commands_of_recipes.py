"""Every command on a run of every recipe, by what it says and draws: two samples in as few steps as there can be."""

import json
import re
import tomllib
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageSequence

import superpose
from superpose.cli import main
from superpose.errors import RecipeError
from superpose.media.filmstrip import BEFORE, GAP, TILE
from superpose.media.layout import enlarged
from superpose.media.sheet import readings
from superpose.plugins import load_plugins
from superpose.running.album import scale_of
from superpose.search.reading import classifier_for, prompts_of, shown_shape

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


class Ran:
    """A recipe that is made small, and what became of it."""

    def __init__(self, path, out, capsys):
        self.path, self.out, self.capsys = path, out, capsys
        stages = len(superpose.load(path).stage)
        steps = ["scheduler.steps", *(f"stage.{i}.scheduler.steps" for i in range(stages))]
        self.small = [word for key in steps for word in ("--set", f"{key}=2")]
        self.recipe = superpose.load(path, [f"{key}=2" for key in steps])
        self.said("run", path, *self.small, "--samples", 2, "--device", "cpu", "--out", out)
        self.images = sorted(out.glob("0*.png"))

    def said(self, *words, code=0):
        assert main([*map(str, words)]) == code
        return self.capsys.readouterr()

    @property
    def shown(self):
        """What the images show, at their size."""
        return self.recipe.subject.scaled(scale_of(self.recipe))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_command(path, tmp_path, capsys, monkeypatch):
    # The suite runs each recipe in one thread, whatever it says, and sums in several differ in the last bit.
    monkeypatch.setattr("superpose.running.steps.threads", nullcontext)
    ran = Ran(path, tmp_path / "run", capsys)
    channels, height, width = ran.recipe.stages[-1].image_shape
    assert [image.name for image in ran.images] == ["0000.png", "0001.png"]
    assert all(pixels(image).shape == (height, width, 3) for image in ran.images)
    for look in (told, made_again, moves, compared, scored, on_a_page, forming, cut, printed):
        look(ran, (channels, height, width))


def told(ran, shape):
    """`show`: the number, and the recipe as it was run."""
    assert f"number 1, seed {ran.recipe.run.seed}" in ran.said("show", ran.images[1]).out
    inside = tomllib.loads(ran.said("show", "--recipe", ran.images[1]).out)
    assert inside["scheduler"]["steps"] == 2
    assert inside["model"]["kind"] == ran.recipe.model.kind


def made_again(ran, shape):
    """`replay`: the very bytes."""
    again = ran.out.parent / "again"
    ran.said("replay", ran.images[1], "--out", again, "--device", "cpu")
    assert (again / "0001.png").read_bytes() == ran.images[1].read_bytes()


def moves(ran, shape):
    """`animate`: from the image to the image, and on the way something else, where it has more than one reading."""
    film, (_, height, _) = ran.out.parent / "film.webp", shape
    command = ["animate", ran.images[0], "--out", film, "--fps", 3, "--move", 0.7, "--rest", 0.4, "--size", height]
    ways = readings(ran.shown)
    if len(ways) == 1 and not ran.recipe.stage:
        assert "shows one thing, in one way" in ran.said(*command, code=2).err
        return
    ran.said(*command)
    with Image.open(film) as animation:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(animation)]
    assert np.array_equal(frames[-1], pixels(ran.images[0]))
    image = superpose.read_image(ran.images[0], shape)[None]
    for way in ways:
        if way.views is not None:
            [seen] = superpose.to_pixels(way.show(image))
            if seen.shape != frames[-1].shape:  # a part stands on paper, in frames of the whole
                continue
            assert any(np.array_equal(frame, seen) for frame in frames), way.label


def compared(ran, shape):
    """`diff`: nothing between an image and itself made again, the number between two."""
    one, two = ran.images
    same = ran.said("diff", two, ran.out.parent / "again" / two.name, "--exit-code").out
    assert same.startswith("the same recipe\n")
    other = ran.said("diff", one, two, "--exit-code", code=1).out
    assert "sample: 0 -> 1" in other
    assert "the same recipe" not in other


def scored(ran, shape):
    """`score`: every reading of each image by a classifier that knows the prompts, or why there is none."""
    why = ""
    try:
        classifier_for(load_plugins(), prompts_of(ran.recipe.subject), shown_shape(ran.recipe.subject, shape))
    except RecipeError as error:
        why = f"superpose: {error}\n"
    if why:
        assert ran.said("score", ran.out, code=2).err == why
        return
    out = ran.said("score", ran.out).out
    scores = json.loads((ran.out / "scores.json").read_text())
    asked = [reading.prompt for reading in readings(ran.shown) if reading.prompt is not None]
    assert list(scores["images"]) == [image.name for image in ran.images]
    assert all(len(score["right"]) == len(asked) for score in scores["images"].values())
    assert all(f"read as {prompt!r}" in out for prompt in asked)


def on_a_page(ran, shape):
    """`gallery`: the pixels of both images, all readings, and the recipe."""
    ran.said("gallery", ran.out)
    text = (ran.out / "gallery.html").read_text()
    told = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    [run] = json.loads(told)
    assert [image["sample"] for image in run["images"]] == [0, 1]
    assert [reading["label"] for reading in run["readings"]] == [reading.label for reading in readings(ran.shown)]


def forming(ran, shape):
    """`steps`: the finished image stands at the end of the strip."""
    strip = ran.out.parent / "steps.png"
    ran.said("steps", ran.path, *ran.small, "--device", "cpu", "--out", strip)
    tile = np.asarray(enlarged(pixels(ran.images[0]), TILE))
    drawn, (tall, wide, _) = pixels(strip), tile.shape
    bottom = len(drawn) - tall - GAP
    rows = [drawn[top : top + tall] for top in (bottom, bottom - tall - GAP)]
    places = range(BEFORE, drawn.shape[1] - wide, wide + GAP)
    assert any(np.array_equal(row[:, x : x + wide], tile) for row in rows for x in places)


def cut(ran, shape):
    """`puzzle`: as many numbers as there are pieces, or why it can't be cut."""
    pieces = [view.cutting(*shape[1:]) for view in (term.view for term in ran.shown.view)]
    pieces = [len(cutting.pieces) for cutting in pieces if cutting is not None]
    if not pieces:
        assert "no view of it cuts it into pieces that are moved" in ran.said("puzzle", ran.images[0], code=2).err
        return
    [count] = pieces
    ran.said("puzzle", ran.images[0], "--no-pages")
    root = ElementTree.parse(ran.out / "0000-puzzle.svg").getroot()
    numbers = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(map(int, numbers)) == list(range(1, count + 1))


def printed(ran, shape):
    """`primes`: each sheet of the image, or why it is none."""
    _, height, width = shape
    stackings = [term.view.stacking(height, width) for term in ran.shown.view]
    command = ["primes", ran.images[0], "--no-pages", "--scale", 1]
    if not stackings or None in stackings:
        assert re.search("shows what no whole sheets show|it has no views", ran.said(*command, code=2).err)
        return
    [count] = {stacking.sheets for stacking in stackings}
    sheets = ran.said(*command).out.split()
    assert len(sheets) == count
    assert np.array_equal(np.concatenate([pixels(sheet) for sheet in sheets]), pixels(ran.images[0]))
