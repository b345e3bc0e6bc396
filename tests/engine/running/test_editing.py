"""Pairs of an edit by words: each the sample of two recipes, made once, and listed where conditions hold."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest

from superpose import PromptError, Recipe, RecipeError, loads, make
from superpose.media.images import read_image, read_picture, to_pixels
from superpose.media.png import read_origin
from superpose.recipe.edits import Edit, Edits, Keep
from superpose.running.composition import compose
from superpose.running.editing import EditPairs

TEXT = """
prompt = "anything"
model = {kind = "glyphs-ldm"}
scheduler = {kind = "ddim", steps = 2}
constraint = [{kind = "prompt-to-prompt", source = ""}]
run = {samples = 3, seed = 5, threads = 1, batch_size = 4}
"""
EDITS = Edits(
    edit=(Edit(before="{letter} in red", after="{letter} in blue", instruction="make it blue", back="make it red"),),
    words={"letter": ("A", "B", "C")},
)


def pairs(out: Path, recipe: Recipe | None = None, edits: Edits = EDITS) -> EditPairs:
    out.mkdir(exist_ok=True)
    return EditPairs(recipe or loads(TEXT), edits, out)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_pair_is_one_sample_of_both_recipes(tmp_path: Path) -> None:
    made = pairs(tmp_path)
    assert list(made.make())[-1] == 3
    for recipe, path in zip(made.recipes(made.told(2)), made.paths(2), strict=True):
        (want,) = to_pixels(compose(recipe).trajectory([2]).run())
        (got,) = to_pixels(read_image(path, (3, 32, 32))[None])
        assert (got == want).all(), path.name
        assert read_origin(path).sample == 2
    before, after = made.recipes(made.told(2))
    assert not before.constraint
    assert after.constraint[0].source == before.subject.prompt  # type: ignore[attr-defined]


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    made = pairs(tmp_path)
    list(made.make())
    paths = [path for pair in made.numbers for path in made.paths(pair)]
    bytes_, times = [path.read_bytes() for path in paths], [path.stat().st_mtime_ns for path in paths]
    paths[2].unlink()
    list(made.make())
    assert [path.read_bytes() for path in paths] == bytes_
    assert [path.stat().st_mtime_ns == time for path, time in zip(paths, times, strict=True)] == [
        place != 2 for place in range(6)
    ]


def test_the_list_has_both_ways_of_the_pairs_that_are_there(tmp_path: Path) -> None:
    made = pairs(tmp_path)
    next(made.make())
    assert made.write_index() == (2, 0)
    one, back = lines(made.index)
    before, after = (path.name for path in made.paths(0))
    told = made.told(0)
    assert one == {
        "before": before, "instruction": "make it blue", "after": after, "pair": 0, "prompts": [told.before, told.after]
    }  # fmt: skip
    assert (back["before"], back["instruction"], back["after"]) == (after, "make it red", before)
    assert (tmp_path / "left-out.jsonl").read_text() == ""
    sheet = read_picture(tmp_path / "edits.png")
    assert sheet.shape[1] > 2 * 96, "both instructions, side by side"


def test_pairs_are_left_out_by_a_loss_that_is_told_the_picture_before(tmp_path: Path) -> None:
    made, distance = pairs(tmp_path), make("loss", "distance", image=tmp_path)
    list(made.make())
    pictures = [[read_image(path, (3, 32, 32)) for path in made.paths(pair)] for pair in made.numbers]
    whole = [float((after - before).square().sum().sqrt()) for before, after in pictures]
    middle = sorted(whole)[1]
    for keep, kept in ((Keep(loss=distance, most=middle + 1e-3), 2), (Keep(loss=distance, least=middle + 1e-3), 1)):
        some = pairs(tmp_path, edits=attrs.evolve(EDITS, keep=(keep,)))
        assert some.write_index() == (2 * kept, 2 * (3 - kept))
        for line in (*lines(some.index), *lines(tmp_path / "left-out.jsonl")):
            assert line["losses"] == pytest.approx([whole[line["pair"]]], abs=1e-3)  # type: ignore[index]


def test_what_edits_nothing_is_refused(tmp_path: Path) -> None:
    recipe = loads(TEXT)
    with pytest.raises(
        RecipeError, match="no constraint of the recipe is told the prompt before, as an option 'source'"
    ):
        pairs(tmp_path, attrs.evolve(recipe, constraint=()))
    views = loads(TEXT.replace('prompt = "anything"', 'view = [{kind = "identity", prompt = "A"}]'))
    with pytest.raises(RecipeError, match="a pair is of one prompt, which each edit puts in place"):
        pairs(tmp_path, views)
    with pytest.raises(PromptError, match="'maroon' stands where a colour"):
        pairs(tmp_path, edits=attrs.evolve(EDITS, edit=(Edit(before="A", after="A in maroon", instruction="x"),)))


def test_images_of_other_recipes_are_not_replaced_unasked(tmp_path: Path) -> None:
    list(pairs(tmp_path).make())
    other = loads(TEXT.replace("steps = 2", "steps = 3"))
    with pytest.raises(RecipeError, match=r"holds images of another recipe \(00000-before.png is one\)"):
        list(pairs(tmp_path, other).make())
    assert list(pairs(tmp_path, other).make(overwrite=True))[-1] == 3
