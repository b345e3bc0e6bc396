"""Filmstrips show the states that a run goes through, and the forward process as its formula has it."""

import numpy as np
import pytest
import torch

from superpose import RecipeError, compose, loads, to_pixels
from superpose.media.filmstrip import BEFORE, GAP, LINE, TILE
from superpose.running.steps import filmstrip

TEXT = 'prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddim", steps = 6}\nrun = {seed = 3}\n'


def frame(pixels, row, column):
    """The pixels of a frame, each once."""
    top, left = 2 * LINE + 2 * GAP + row * (TILE + GAP), BEFORE + column * (TILE + GAP)
    tile = pixels[top : top + TILE, left : left + TILE]
    step = TILE // 32
    assert np.array_equal(tile, tile[::step, ::step].repeat(step, 0).repeat(step, 1)), "a frame is not where it should"
    return tile[::step, ::step]


@pytest.fixture(scope="module")
def states():
    """The trajectory of two samples by hand: its plan, every state, and the images."""
    trajectory = compose(loads(TEXT)).trajectory(range(2))
    states = [trajectory.start()]
    while states[-1].step < trajectory.steps:
        states.append(trajectory.step(states[-1]))
    return trajectory.plan, states, trajectory.finish(states[-1])


def test_a_strip_shows_each_state_and_below_it_the_clean_estimate(states):
    plan, all_states, images = states
    pixels = filmstrip(loads(TEXT), samples=2, frames=4)
    for sample in (0, 1):
        for column, step in enumerate((0, 2, 4)):
            x = all_states[step].x / plan.levels[step].prior
            assert np.array_equal(frame(pixels, 2 * sample, column), to_pixels(x)[sample]), (sample, step)
            clean = all_states[step + 1].clean
            assert np.array_equal(frame(pixels, 2 * sample + 1, column), to_pixels(clean)[sample]), (sample, step)
        assert np.array_equal(frame(pixels, 2 * sample, 3), to_pixels(images)[sample])
        assert (frame(pixels, 2 * sample + 1, 3) == 255).all()


def test_the_forward_process_adds_one_noise(states):
    plan, _, images = states
    pixels = filmstrip(loads(TEXT), frames=4, forward=True)
    assert np.array_equal(frame(pixels, 0, 0), to_pixels(images)[0])
    noises = []
    for column, step in ((1, 4), (2, 2), (3, 0)):
        level = plan.levels[step]
        shown = torch.from_numpy(frame(pixels, 0, column) / 127.5 - 1).permute(2, 0, 1)
        inside = shown.abs() < 0.99
        noises.append(((shown * level.prior - level.alpha * images[0]) / level.sigma, inside))
    (last, inside), *others = reversed(noises)
    for noise, seen in others:
        both = inside & seen
        assert both.float().mean() > 0.1
        assert (noise - last)[both].abs().max() < 0.05, "each level has another noise, or other scales"
    assert last.abs().max() > 0.9


@pytest.mark.parametrize(("options", "says"), [({"frames": 1}, "frames must be"), ({"samples": 9}, "samples must be")])
def test_what_is_too_much_or_too_little(options, says):
    with pytest.raises(RecipeError, match=says):
        filmstrip(loads(TEXT), **options)
