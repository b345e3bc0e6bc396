"""PiGDM, MMPS and TMPD, against azula's records and what is exact for a normal distribution."""

from itertools import pairwise

import pytest
import torch

from recorded_mixture import MIXTURE, MixturePredictor, matrix, plan_of
from superpose import evaluate, moved, prompted
from superpose.estimate.prediction import with_gradient
from superpose_constraints.mmps import Matched
from superpose_constraints.pigdm import Guided
from superpose_constraints.tmpd import Projected


def rule_of(run):
    told = {
        "operator": matrix(),
        "observed": MIXTURE.given[f"{run['name']}/y"].view(2, 1, 1, 5),
        "noise": run["sigma_y"],
        "signal": 0.0,
    }
    match run["method"]:
        case "mmps":
            return Matched(iterations=run["iterations"], **told)
        case "tmpd":
            return Projected(**told)
    return Guided(form="paper", **{**told, "noise": 0.0})


class Draws:
    def __init__(self, name):
        self.start, self.steps = MIXTURE.given["x_1"], MIXTURE.given[f"{name}/draws"]

    def draw(self, step, purpose="step", law="normal"):
        return (self.start if purpose == "start" else self.steps[step]).view(2, 1, 1, 12)


def steps_of(run, rule, after=lambda told, there: 0.0):
    """The states of a run of ours on azula's levels and draws."""
    denoiser, draws = rule.wrap(prompted(MixturePredictor(), "")), Draws(run["name"])
    x, states = draws.draw(0, "start"), []
    for step, (here, there) in enumerate(pairwise(plan_of(run).levels)):
        with torch.no_grad():
            told = with_gradient(evaluate(denoiser, x, here), here)
        x = moved(x, told.clean, here, there, lambda step=step: draws.draw(step), run.get("eta", 1.0) ** 0.5)
        x = x + after(told, there)
        states.append(x)
    return states


def test_pigdm_is_azulas_but_for_the_signal_after_the_step():
    """Algorithm 1 multiplies by the signal before the step; azula by that after it as well."""
    run = MIXTURE.runs["pgdm"]
    states = steps_of(run, rule_of(run), lambda told, there: told.displacement * there.alpha)
    MIXTURE.agree("pgdm/x", torch.cat(states))


@pytest.mark.parametrize("name", ["mmps_cg3", "tmpd"])
def test_it_is_azulas(name):
    run = MIXTURE.runs[name]
    rule, plan = rule_of(run), plan_of(run)
    states = steps_of(run, rule)
    MIXTURE.agree(f"{name}/x", torch.cat(states))
    half = run["T"] // 2
    for which, x, here in [("first", Draws(name).start, plan.levels[0]), ("mid", states[half], plan.levels[half + 1])]:
        with torch.no_grad():
            told = evaluate(rule.wrap(prompted(MixturePredictor(), "")), x.view(2, 1, 1, 12), here)
        MIXTURE.agree(f"{name}/xhat_{which}", with_gradient(told, here).clean)
