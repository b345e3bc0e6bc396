"""Four sheets that show a fifth picture: Diffusion Illusions' recorded primes of pictures that are given."""

import json
from pathlib import Path

import attrs
import pytest
import torch
from safetensors.torch import load_file

from superpose import Arrangement, Known, make, trajectory
from superpose.estimate.noised import Arranged
from superpose.testing.predictors import TinyPredictor

FOLDER = Path(__file__).parents[2] / "fixtures" / "di_a_arrangements"
ABOUT = json.loads((FOLDER / "case.json").read_text())["outputs"]
GIVEN, WANT = load_file(FOLDER / "inputs.safetensors"), load_file(FOLDER / "outputs.safetensors")
STEP, STEPS = 0.01, 30


@attrs.frozen(kw_only=True)
class Multiplied(Arrangement):
    """Shows the product of four sheets before a light, brighter than white, too, as the original's closed form."""

    kind = "multiplied"
    light: float

    def apply(self, x):
        first, *others = ((sheet + 1) / 2 for sheet in x.chunk(4, -2))
        for other in others:
            first = first * other
        return self.light * first * 2 - 1


def agree(name, sheets, light):
    """The recorded sheets and what they show, in [0, 1]."""
    shown = (Multiplied(light=light).apply(sheets) + 1) / 2
    got = torch.stack([*((sheets[0] + 1) / 2).chunk(4, -2), shown[0]])
    torch.testing.assert_close(got, WANT[name], atol=ABOUT[name]["atol"], rtol=ABOUT[name]["rtol"])


def first_guess(targets, hidden, loud, light):
    """The sheets before the first step: all errors as if the product were linear at the targets, in [-1, 1]."""
    product, inverse = targets.prod(0), 1 / targets
    error = light * loud * product * (hidden - light * product)
    gain = error / (1 + light**2 * loud * product**2 * inverse.square().sum(0))
    return torch.cat(tuple(targets + gain * inverse), -2)[None] * 2 - 1


@pytest.mark.parametrize(("name", "loud", "light"), [("closed_form", 2.0, 2.0), ("closed_form_strong", 4.0, 3.0)])
def test_gradient_steps_on_given_pictures_are_the_recorded_ones(name, loud, light):
    targets, hidden = torch.stack([0.25 + 0.75 * GIVEN[sheet] for sheet in "abcd"]), GIVEN["z"]
    begun = first_guess(targets, hidden, loud, light)
    if name == "closed_form":
        agree("closed_form_initial", begun, light)
    views = [*(make("view", "canvas", number=number, of=4) for number in range(4)), Multiplied(light=light)]
    # Half of a square's slope is what is followed here, so that its share says twice the step.
    shares = [2 * STEP] * 4 + [2 * STEP * loud]
    pictures = [Known(picture * 2 - 1) for picture in (*targets, hidden)]
    arranged = Arranged(views, pictures, shares, clip=make("clip", "static"))
    network = TinyPredictor((3, 96, 24))
    # Powers that cancel the gain of score distillation: each step goes where the pictures lead, whatever the level is.
    scheduler = make("scheduler", "sds", steps=STEPS, rate=1.0, alpha_power=-1.0, sigma_power=1.0)
    run = trajectory(arranged, scheduler, network, samples=1)
    state = attrs.evolve(run.start(), x=begun)
    while state.step < run.steps:
        state = run.step(state)
    agree(name, state.x, light)
