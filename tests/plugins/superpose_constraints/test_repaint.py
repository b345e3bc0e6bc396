"""The plan of RePaint, and a recorded run of its program."""

from itertools import pairwise

import pytest
import torch

from guided_runs import A, model_of
from recorded_posteriors import Case, drawn
from superpose import Plan, evaluate, make, prompted, renoised
from superpose.levels.table import TableSchedule
from superpose_constraints.inpaint import Replacement
from superpose_constraints.travel import travelled

SCHEDULES = Case("rp_a_schedules")
CASE = Case("rp_b_inpaint")


def plan_of(count):
    """A plan of so many levels with noise, and the clean end."""
    schedule = TableSchedule.named("linear")
    levels = [schedule.level(0, 999 - 999 * i / count) for i in range(count)]
    return Plan.of([*levels, make("scheduler", "ddpm", steps=2).plan(schedule).levels[-1]])


@pytest.mark.parametrize("name", ["face", "small", "paper"])
def test_it_climbs_where_repaint_climbs(name):
    told = SCHEDULES.runs[name]["parameters"]
    plan = plan_of(told["t_T"])
    made = travelled(plan, told["jump_length"], told["jump_n_sample"])
    places = {level.t: told["t_T"] - 1 - i for i, level in enumerate(plan.levels)}
    assert [places[level.t] for level in made.levels] == SCHEDULES.wanted[f"{name}/times"].tolist()


def test_the_papers_plan_is_4570_moves_and_2410_calls():
    rule = Replacement(known=torch.zeros(3, 4, 4), keep=torch.ones(1, 4, 4), repeats=10, jump=10)
    made = rule.plan(plan_of(250))
    assert (made.steps, sum(not made.climbs(step) for step in range(made.steps))) == (4570, 2410)


@pytest.mark.parametrize("name", CASE.runs)
def test_it_is_the_recorded_program(name):
    """But for its very first step, before which it puts in nothing."""
    run = CASE.runs[name]
    network = model_of(A).load()
    label = str(int(CASE.given["y"][0]))
    ask = denoise_with_variance(prompted(network, label))
    scheduler = make("scheduler", "ddpm", grid="openai", steps=int(run["diffusion"]["timestep_respacing"]))
    plan = scheduler.plan(network.schedule)
    jump = run["jump"]
    rule = Replacement(
        known=CASE.given["gt"][0],
        keep=CASE.given["gt_keep_mask"][0],
        repeats=jump["jump_n_sample"],
        jump=jump["jump_length"],
    )
    made, draws, x = rule.plan(plan), iter(CASE.given["draws"]), CASE.given["x_T"]
    count = len(plan.levels) - 1
    places = {level.t: count - 1 - i for i, level in enumerate(plan.levels)}
    assert [places[level.t] for level in made.levels] == run["times"]
    for step, (here, there) in enumerate(pairwise(made.levels)):
        if made.climbs(step):
            x = renoised(x, here, there, next(draws))
            continue
        fresh = next(draws)
        if step:
            x = rule.before(x, here, drawn(next(draws))).value
        x, _ = scheduler.step(ask, x, here, there, None, drawn(fresh), True)
    CASE.agree(f"{name}/sample", x)


def denoise_with_variance(denoiser):
    """What a step asks, with what the network says of the variance."""

    def ask(x, at):
        with torch.no_grad():
            estimate = evaluate(denoiser, x, at)
        return estimate._replace(clean=estimate.clean.clamp(-1, 1))

    return ask
