"""The classifier that reads a run: who it is, what it is asked, and what is said of its scores."""

from pathlib import Path

import attrs
import numpy as np
import pytest
from PIL import Image

from halves import HEAD, LEFT, RIGHT, VIEWS, HalvesClassifier, LargeClassifier
from superpose import RecipeError, loads, option
from superpose.plugins import Registry
from superpose.search.reading import Reader, classifier_for, prompts_of, shown_shape
from superpose.search.scores import Score


@pytest.fixture
def subject():
    return loads(HEAD + VIEWS).subject


def test_one_that_knows_every_prompt_and_the_size():
    registry = Registry.of(HalvesClassifier, LargeClassifier)
    assert classifier_for(registry, ["left"], (3, 64, 64)) == LargeClassifier()
    with pytest.raises(RecipeError, match=r"of 3x8x8.*knows no 'up'.*name one: --classifier"):
        classifier_for(registry, ["left", "up"], (3, 8, 8))
    with pytest.raises(RecipeError, match="halves reads images of 3x8x8; large reads images of 3x64x64"):
        classifier_for(registry, ["left"], (3, 9, 9))


def test_parts_are_read_by_what_they_should_show_and_the_whole_is_not():
    parts = loads(HEAD + '[decomposition]\nkind = "hybrid"\nlow = "left"\nhigh = "top"\n').subject
    assert prompts_of(parts) == ("left", "top")
    assert prompts_of(loads(HEAD + VIEWS).subject) == ("left", "right")
    with pytest.raises(RecipeError, match="asks for nothing that could be read"):
        prompts_of(loads('prompt = ""\n' + HEAD).subject)


def test_the_sheet_is_told_which_reading_is_right(subject):
    reader = Reader.of(subject, (3, 8, 8), HalvesClassifier())
    note = reader.note(Score(0.25, 0.5, (True, False), (0.5, 0.25)))
    assert note.title == "A 0.25  C 0.50  1/2 right"
    assert note.marks == (("0.50", True), ("0.25", False))


@attrs.frozen(kw_only=True)
class Told(HalvesClassifier):
    """Must be told a file."""

    kind = "told"
    path: Path = option(doc="a file")


def test_one_that_must_be_told_something_and_none_at_all_are_said():
    with pytest.raises(RecipeError, match="with these prompts: told needs options; name one: --classifier"):
        classifier_for(Registry.of(Told), ["left"], (3, 8, 8))
    with pytest.raises(RecipeError, match=r"nothing here reads images of 3x8x8 .*: no classifier is installed"):
        classifier_for(Registry(), ["left"], (3, 8, 8))
    assert classifier_for(Registry.of(Told, HalvesClassifier), ["left"], (3, 8, 8)) == HalvesClassifier()


def test_scores_are_by_the_numbers_of_the_samples(subject, tmp_path):
    images = {}
    for number, image in ((7, RIGHT), (2, LEFT)):
        images[number] = tmp_path / f"{number:04}.png"
        Image.fromarray(((image[0] + 1) * 127.5).permute(1, 2, 0).numpy().astype(np.uint8)).save(images[number])
    scores = Reader.of(subject, (3, 8, 8), HalvesClassifier()).scores(images)
    assert list(scores) == [7, 2]
    kept = Reader.of(subject, (3, 8, 8), HalvesClassifier()).kept(images, scores)
    assert list(kept.images) == ["0007.png", "0002.png"], "in the order of the sheet"
    assert (scores[2].right, scores[7].right) == ((True, True), (False, False))
    assert Reader.of(subject, (3, 8, 8), HalvesClassifier()).scores({}) == {}


def test_the_whole_of_a_hybrid_has_no_mark():
    parts = loads(HEAD + '[decomposition]\nkind = "hybrid"\nlow = "left"\nhigh = "top"\n').subject
    note = Reader.of(parts, (3, 8, 8), HalvesClassifier()).note(Score(0.25, 0.5, (True, False), (0.5, 0.25)))
    assert note.marks == (None, ("0.50", True), ("0.25", False))


def test_what_is_read_of_a_canvas_has_the_size_of_what_its_views_show():
    both = "[canvas]\ncount = 2\n" + "".join(
        f'[[view]]\nkind = "canvas"\nnumber = {number}\nprompt = "{prompt}"\n'
        for number, prompt in enumerate(("left", "right"))
    )
    assert shown_shape(loads(HEAD + both).subject, (3, 16, 8)) == (3, 8, 8)
    assert shown_shape(loads(HEAD + VIEWS).subject, (3, 8, 8)) == (3, 8, 8)


def test_what_is_read_in_several_sizes_is_read_as_a_whole():
    views = '[[view]]\nkind = "canvas"\nprompt = "left"\n[[view]]\nkind = "identity"\nprompt = "right"\n'
    assert shown_shape(loads(HEAD + "[canvas]\ncount = 2\n" + views).subject, (3, 16, 8)) == (3, 16, 8)
