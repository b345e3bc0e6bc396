"""Zoom stacks: canvases that agree about what each shows of the next, their noise, their film and their refusals."""

import numpy as np
import pytest
import torch

from problems import told
from superpose import Canvas, MistakesError, compose, inspect, loads, make
from superpose.testing import check_constraint
from superpose_constraints.layers import box

RECIPE = """
model = {kind = 'glyphs'}
scheduler = {kind = 'SCHEDULER', steps = 3}
canvas = {count = 2}
view = [{kind = 'canvas', number = 0, prompt = 'O'}, {kind = 'canvas', number = 1, prompt = 'A'}]
constraint = [{kind = 'zoom-stack'}]
run = {samples = 2, threads = 1}
"""


def test_it_keeps_the_laws():
    for factor in (2, 4):
        check_constraint(make("constraint", "zoom-stack", factor=factor), Canvas((3, 24, 8)))


@pytest.mark.parametrize("scheduler", ["ddim", "ddpm"])
def test_every_canvas_shows_the_middle_of_the_one_before(scheduler):
    trajectory = compose(loads(RECIPE.replace("SCHEDULER", scheduler))).trajectory([0, 1])
    state = trajectory.start()
    coarse, fine = state.x.chunk(2, -2)
    torch.testing.assert_close(coarse[..., 8:24, 8:24], 2 * box(fine, 2))
    while state.step < trajectory.steps:
        state = trajectory.step(state)
    coarse, fine = trajectory.finish(state).chunk(2, -2)
    torch.testing.assert_close(coarse[..., 8:24, 8:24], box(fine, 2))
    alone = compose(loads(RECIPE.replace("SCHEDULER", scheduler))).trajectory([1]).run()
    assert torch.equal(alone[0], trajectory.finish(state)[1])


def test_its_film_begins_with_the_first_canvas_and_ends_with_the_last():
    stack, image = make("constraint", "zoom-stack"), np.random.default_rng(0).uniform(-1, 1, (3, 24, 8))
    begin, end = stack.frame(image, 0.0), stack.frame(image, 1.0)
    assert begin.shape == end.shape == (3, 8, 8)
    np.testing.assert_allclose(end, image[:, 16:])
    np.testing.assert_allclose(begin[:, 0], image[:, 0])
    assert stack.frame(image, 0.3, 4).shape == (3, 32, 32)
    inside = stack.frame(image, 0.5)
    np.testing.assert_allclose(inside[:, 0], image[:, 8], err_msg="half way of three canvases the second fills it")


def test_one_canvas_and_sides_without_a_middle_are_refused():
    stack = make("constraint", "zoom-stack")
    assert "ties canvases, and 8x8 is not several" in told(stack, Canvas((3, 8, 8)))
    assert "have no middle of whole pixels" in told(stack, Canvas((3, 21, 7)))
    with pytest.raises(MistakesError, match="write \\[canvas\\] and its count"):
        inspect(loads("model={kind='glyphs'}\nscheduler={kind='ddim'}\nprompt='A'\nconstraint=[{kind='zoom-stack'}]"))
