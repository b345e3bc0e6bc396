"""Values of axes: lists, ranges, lines of texts and files; what is none is told."""

from pathlib import Path

import pytest

from example_kinds import REGISTRY
from superpose.recipe.axes import names_of, natural, plain_value, read_axes
from superpose.recipe.read import WRONG, Reader

HERE = ("sweep", "axes")


def read(given, folder=Path()):
    reader = Reader(REGISTRY, folder)
    axes = read_axes(reader, given, HERE)
    return [what for _, what in reader.mistakes] if axes is WRONG else axes


def values(given, folder=Path()):
    [axis] = read({"run.seed": given}, folder)
    return [plain_value(value) for value in axis.values]


def test_a_list_is_taken_as_it_is_and_each_value_has_its_place():
    [axis] = read({"guidance.scale": [2, "x", [1, 2], {"kind": "cfg"}]})
    assert axis.keys == ("guidance", "scale")
    assert axis.values == (2, "x", [1, 2], {"kind": "cfg"})
    assert axis.place_of(2) == (*HERE, "guidance.scale", 2)


@pytest.mark.parametrize(
    ("bounds", "numbers"),
    [
        ([0, 3], [0, 1, 2]),
        ([5, 0, -2], [5, 3, 1]),
        ([0, 0.5, 0.1], [0.0, 0.1, 0.2, 0.3, 0.4]),
        ([1.0, 2], [1.0]),
    ],
)
def test_a_range_has_its_numbers_without_the_end(bounds, numbers):
    made = values({"range": bounds})
    assert made == numbers
    assert [type(number) for number in made] == [type(number) for number in numbers]


def test_a_range_has_one_place():
    [axis] = read({"run.seed": {"range": [0, 9]}})
    assert axis.place_of(7) == (*HERE, "run.seed")


def test_lines_of_a_text_are_values_whose_type_is_decided_where_they_are_read(tmp_path):
    (tmp_path / "prompts.txt").write_text("# people\na cat\n\n  7 \n[1, 2]\n", encoding="utf-8")
    [axis] = read({"prompt": {"files": "prompts.txt"}}, tmp_path)
    assert [value.text for value in axis.values] == ["a cat", "7", "[1, 2]"]
    assert [value.value for value in axis.values] == ["a cat", 7, "[1, 2]"]
    assert {value.folder for value in axis.values} == {tmp_path}


def test_a_pattern_gives_whole_paths_in_natural_order(tmp_path):
    for name in ("10.png", "2.png", "2.txt"):
        (tmp_path / name).touch()
    found = values({"files": "*.png"}, tmp_path)
    assert found == [(tmp_path / name).absolute().as_posix() for name in ("2.png", "10.png")]
    assert values({"files": f"{tmp_path}/*.txt"}) == [(tmp_path / "2.txt").as_posix()]
    assert natural(Path("2.png")) < natural(Path("10.png"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "there is no axis: write one"),
        ({"run.seed": []}, "has no value; write a list"),
        ({"run.seed": 3}, "expected the values of an axis, got 3; write a list"),
        ({"run..seed": [1]}, "an axis is a key of the recipe with dots"),
        ({"sweep.chunk": [1]}, "an axis is a key of the recipe with dots"),
        ({"guidance": {"scale": [1, 2]}}, 'a key with dots stands in quotes here: "guidance.scale" = ...'),
        ({"run.seed": {"rnge": [0, 1]}}, "expected range or files, and one of them alone"),
        ({"run.seed": {"range": [0, 1], "files": "a.txt"}}, "one of them alone"),
        ({"run.seed": {"range": [0]}}, "range is [first, end]"),
        ({"run.seed": {"range": [0, True]}}, "range is [first, end]"),
        ({"run.seed": {"range": [0, 1, 0]}}, "a step that is not 0"),
        ({"run.seed": {"range": [0, float("inf")]}}, "range needs finite numbers"),
        ({"run.seed": {"range": [0, 10**9]}}, "at most 100,000 values"),
        ({"run.seed": {"range": [3, 0]}}, "has no value"),
        ({"prompt": {"files": "nothing.txt"}}, "no such file"),
        ({"prompt": {"files": "*.nothing"}}, "no file fits '*.nothing' in"),
        ({"prompt": {"files": "a.png"}}, "'a.png' is no .txt"),
        ({"prompt": {"files": 3}}, "files is the name of a text or a pattern such as '*.png', got 3"),
    ],
)
def test_a_mistake_is_told_with_its_cure(given, told):
    [line] = read(given)
    assert told in line


def test_no_stranger_reads_files_by_an_axis():
    reader = Reader(REGISTRY, Path(), files={})
    assert read_axes(reader, {"prompt": {"files": "/etc/*"}}, HERE) is WRONG
    assert "do not travel" in reader.mistakes[0][1]


def test_an_axis_is_called_by_every_end_of_its_key():
    axes = read({"view.0.prompt": ["A"], "view.1.prompt": ["B"], "run.seed": [1], "models.face-1.path": ["x"]})
    names = names_of(axes)
    assert names["seed"] == names["run_seed"] == (2,)
    assert names["prompt"] == (0, 1)
    assert names["view_1_prompt"] == (1,)
    assert names["face_1_path"] == (3,)
    assert "0_prompt" not in names
