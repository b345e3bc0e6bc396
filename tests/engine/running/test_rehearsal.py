"""The cost that check tells is counted by asking: it is what a run then makes."""

import attrs
import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError, compose, inspect, loads
from superpose.cli import main
from superpose.plugins import load_plugins

pytestmark = pytest.mark.usefixtures("small")

HEAD = 'prompt = "a"\n[model]\nkind = "small-first"\n[scheduler]\nkind = "{}"\nsteps = 6\n'
INVERSION = '[[constraint]]\nkind = "inversion"\nimage = "image.png"\n'
INPAINT = '[[constraint]]\nkind = "inpaint"\nimage = "image.png"\nmask = "image.png"\nrepeats = 3\n'
SDEDIT = '[[constraint]]\nkind = "sdedit"\nimage = "image.png"\nstrength = 0.5\n'


@pytest.fixture
def folder(tmp_path):
    Image.fromarray(np.eye(8, dtype=np.uint8) * 255).convert("RGB").save(tmp_path / "image.png")
    return tmp_path


def made(recipe):
    """Forward passes of a run of one sample."""
    [stage] = compose(recipe).stages
    stage.trajectory((0,)).run()
    return len(stage.predictor.blocks)


@pytest.mark.parametrize("scheduler", sorted(load_plugins().kinds("scheduler")))
def test_it_is_what_the_run_makes(scheduler, folder):
    tried = 0
    for more in ("", "prk = true\n", INVERSION, INPAINT, SDEDIT):
        try:
            recipe = loads(HEAD.format(scheduler) + more, folder=folder)
            told = inspect(recipe)
        except RecipeError:
            continue  # an option of another scheduler, or a constraint that this one can't serve
        assert told.evaluations == told.total == made(recipe), more
        tried += 1
    # Of flows there is none here, and optimisers go by no noise and no plan of a constraint's.
    assert tried >= {"flow-euler": 0, "dds": 0, "sds": 1}.get(scheduler, 3)


@pytest.mark.parametrize(
    ("scheduler", "more", "evaluations"),
    [("heun", "", 11), ("pndm", "", 7), ("pndm", "prk = true\n", 15), ("ddim", INVERSION, 12), ("ddim", INPAINT, 18)],
)
def test_the_figures_are_those_of_the_methods(scheduler, more, evaluations, folder):
    """Heun's last step is Euler's, PLMS asks twice first, three Runge-Kutta steps twelve, inversion is a run more."""
    assert inspect(loads(HEAD.format(scheduler) + more, folder=folder)).evaluations == evaluations


VIEWS = 'view = [{kind = "identity", prompt = "a"}, {kind = "flip", prompt = "b"}, {kind = "negate", prompt = "c"}]\n'
TRIPLE = 'decomposition = {kind = "triple-hybrid", low = "a", middle = "b", high = "c"}\n'
NESTED = (
    'decomposition = {kind = "hybrid", high = "a", '
    'low = {view = [{kind = "identity", prompt = "a"}, {kind = "flip", prompt = "b"}]}}\n'
)


@pytest.mark.parametrize(
    ("subject", "plain", "guided"),
    [
        (TRIPLE, 3, 4),  # one image under three prompts, and once unprompted; asking part by part takes 6
        (VIEWS, 3, 6),
        (VIEWS.replace('"b"', '"a"').replace('"flip"', '"identity"'), 2, 4),
        (f'reduction = "alternate"\n{VIEWS}', 1, 2),
        (NESTED, 2, 4),  # the high part asks what the upright view asks
        ('compose = {and = ["a", "b"], not = ["c"]}\n', 3, 4),
    ],
)
def test_a_step_asks_the_rows_that_the_algebra_promises(subject, plain, guided):
    head = HEAD.format("ddim").removeprefix('prompt = "a"\n')
    for guidance, rows in (("", plain), ('guidance = {kind = "cfg", scale = 3.0}\n', guided)):
        recipe = loads(subject + guidance + head)
        assert inspect(recipe).rows == rows
        stage = attrs.evolve(compose(recipe).stages[0], batch_size=1)
        stage.trajectory((0,)).run()
        assert len(stage.predictor.blocks) == 6 * rows


@pytest.mark.parametrize("scheduler", ["ddim", "heun", "pndm"])
@pytest.mark.parametrize("interval", ["sigma_low = 0.4\nsigma_high = 20.0", "start = 0.2\nstop = 0.7"])
def test_guidance_by_interval_costs_where_it_is(scheduler, interval):
    guidance = f'[guidance]\nkind = "interval"\n{interval}\nbase = {{kind = "cfg", scale = 3.0}}\n'
    recipe = loads(HEAD.format(scheduler) + guidance)
    # In blocks of one row nothing is padded, so that every row is a forward pass.
    stage = attrs.evolve(compose(recipe).stages[0], batch_size=1)
    stage.trajectory((0,)).run()
    told = inspect(recipe)
    assert (told.rows, told.evaluations) == (2, made(loads(HEAD.format(scheduler))))
    assert told.evaluations < told.total == len(stage.predictor.blocks) < 2 * told.evaluations


def test_a_long_plan_is_counted_in_proportion(folder):
    text = HEAD.format("ddim").replace("steps = 6", "steps = 600") + INPAINT.replace("repeats = 3", "repeats = 9")
    assert inspect(loads(text, folder=folder)).evaluations == 5400


def test_check_says_what_it_counted(folder, capsys):
    (folder / "recipe.toml").write_text(HEAD.format("heun"))
    assert main(["check", str(folder / "recipe.toml")]) == 0
    assert (
        "1 network row a sample and step, 11 evaluations: 11 rows a sample, 11 for 1 sample" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("constraints", "says"),
    [
        (
            SDEDIT + INVERSION,
            r":\d+:1: constraint.1: constraint 1 \(inversion\) makes the starting state, and would undo",
        ),
        (INVERSION + SDEDIT, r":\d+:1: constraint.1: constraint 1 \(sdedit\) makes the starting state"),
        (INVERSION + INPAINT, "inversion runs the plan backwards, and this one climbs again"),
    ],
)
def test_what_the_start_can_not_be_is_found_before_weights_are_read(constraints, says, folder):
    with pytest.raises(RecipeError, match=says):
        inspect(loads(HEAD.format("ddim") + constraints, folder=folder))
