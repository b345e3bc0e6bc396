"""`superpose check`: the tree of what a recipe composes, and what it costs."""

import pytest

from example_kinds import Box, Cfg, Flip, Steps, Window
from superpose.cli import main
from superpose.cli.check import described

HEAD = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\nsteps = 4\n'
PLAIN = 'prompt = "A"\n' + HEAD


@pytest.fixture
def check(tmp_path, capsys):
    """Check a recipe; its lines without the drawing of the tree."""

    def lines(text, *more):
        (tmp_path / "letter.toml").write_text(text)
        assert main(["check", str(tmp_path / "letter.toml"), *more]) == 0
        told = capsys.readouterr().out.replace("\n", " \n")
        return [line.strip("│├└─ ").rstrip() for line in told.splitlines()]

    return lines


def test_a_prompt_is_told_with_its_model_scheduler_guidance_and_clip(check):
    lines = check(PLAIN)
    assert lines[0].endswith("letter.toml")
    assert lines[1].startswith("model glyphs")
    assert lines[1].endswith("3 channels, 32x32 pixels")
    assert lines[2].startswith("scheduler ddim steps=4")
    assert "guidance none" in lines
    assert "prompt 'A'" in lines
    assert lines[-1] == "1 network row a sample and step, 4 evaluations: 4 rows a sample, 4 for 1 sample"


def test_what_it_costs_is_of_all_samples_and_of_each_row(check):
    lines = check(PLAIN + '[guidance]\nkind = "cfg"\n', "--set", "run.samples=3")
    assert lines[-1] == "2 network rows a sample and step, 4 evaluations: 8 rows a sample, 24 for 3 samples"
    assert [line for line in lines if line.startswith("guidance cfg scale=")]


def test_subjects_are_a_tree_with_weights_guidances_and_negatives(check):
    text = HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\nweight = 2.0\n'
    text += '[[view]]\nkind = "rotate"\nguidance = {kind = "cfg"}\n[view.decomposition]\nkind = "hybrid"\n'
    text += 'low = {prompt = "O", negative = "Q"}\nhigh = {compose = {and = ["X", "Y"], not = ["Z"]}}\n'
    lines = check(text)
    start = lines.index("views")
    told = lines[start:-1]
    assert told[1].endswith(", weight 2")
    assert told[2] == "prompt 'A'"
    assert told[3].startswith("rotate degrees=180")
    assert told[4].startswith("decomposition hybrid sigma=")
    assert ", guidance cfg scale=" in told[4]
    assert told[5:8] == ["low", "prompt 'O', negative 'Q'", "high"]
    assert told[8:] == ["composition", "AND", "prompt 'X'", "AND", "prompt 'Y'", "NOT", "prompt 'Z'"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Flip(), "flip axis=horizontal"),
        (Steps(steps=3), "ddim steps=3 eta=0.0 grid=leading order=auto"),
        (Box(corner=(1, 2), through=Flip()), "box corner=[1, 2] through=(flip axis=horizontal) note="),
        (Cfg(window=Window(start=0.5)), "cfg scale=5.0 window={start=0.5, stop=1.0}"),
    ],
)
def test_a_kind_is_told_with_the_options_that_are_given(kind, told):
    assert described(kind) == told
