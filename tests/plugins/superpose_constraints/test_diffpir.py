"""DiffPIR, against the recorded program."""

from itertools import pairwise

import pytest
import torch

from recorded_posteriors import Case, denoise, drawn, level, port
from superpose import make
from superpose_constraints.diffpir import Weighed
from superpose_operators.bound.composed import composed
from superpose_operators.bound.filtered import Filtered
from superpose_operators.bound.masked import Masked

CASE = Case("dq_a_diffpir")
SHAPE = (3, 16, 16)
BETAS = torch.linspace(1e-4, 0.02, 1000)


def operator_of(run):
    name = run["name"]
    if run["task"] == "inpaint":
        return Masked(SHAPE, CASE.given[f"{name}/mask"][0])
    blur = Filtered.by(CASE.given[f"{name}/kernel"].double(), SHAPE)
    if run["task"] == "deblur":
        return blur
    return composed([blur, make("operator", "subsample", factor=run["sf"]).bound_to(SHAPE)], "cpu")


def observed(run, operator):
    y = CASE.given[f"{run['name']}/y"]
    return operator.apply(y) if run["task"] == "inpaint" else 2 * y - 1


def rule_of(run):
    operator = operator_of(run)
    # Its noise is that of images in [0, 1], and so are those of its blurs; its masks are of images in [-1, 1].
    told = {"noise": run["noise_level_img"], "trust": run["lambda"], "fresh": run["zeta"]}
    return Weighed(operator=operator, observed=observed(run, operator), **told)


def levels_of(run):
    """Its levels, from that of the start; the last is that of its last call, not yet free of noise."""
    return [level(999 - t) for t in run["seq"] if 999 - t <= run.get("t_start", 999)]


@pytest.mark.parametrize("name", ["inpaint", "deblur", "sr2"])
def test_it_is_the_recorded_program(name):
    run, ask = CASE.runs[name], denoise(port(), clip=1.0)
    rule, levels, x = rule_of(run), levels_of(run), CASE.wanted[f"{name}/x_calls"][:1]
    assert len(levels) == len(CASE.wanted[f"{name}/x_calls"])
    CASE.agree(f"{name}/x0_first", ask(x, levels[0]).clean)
    seen = [x]
    for step, (here, there) in enumerate(pairwise(levels)):
        # Three draws a step: one of a sampler that it asks in vain, one for eta = 0, and ours.
        x = rule.move(ask, x, here, there, drawn(CASE.given[f"{name}/draws"][3 + 3 * step]))
        seen.append(x)
    CASE.agree(f"{name}/x_calls", torch.cat(seen))
    CASE.agree(f"{name}/x0_last", ask(x, levels[-1]).clean)


def test_noise_by_eta_is_that_of_a_single_training_step():
    """With eta it adds noise of deviation eta sqrt(beta) sigma_s / sigma_t, which forgets that a step is many."""
    name = "inpaint_uniform_eta"
    run, ask = CASE.runs[name], denoise(port(), clip=1.0)
    rule, levels, calls = rule_of(run), levels_of(run), CASE.wanted[f"{name}/x_calls"]
    draws, x, seen, at = CASE.given[f"{name}/draws"], calls[:1], [], 1
    for here, there in pairwise(levels):
        for inner in range(run["iter_num_U"]):
            seen.append(x)
            at += 1  # of the sampler that is asked in vain
            made = rule.move(ask, x, here, there, drawn(draws[at + 1]))
            clean = rule.explained(ask(x, here).clean, here)
            own = (x - here.alpha * clean) / here.sigma
            eta = run["eta"] * float(BETAS[int(here.t)]) ** 0.5 * there.sigma / here.sigma
            kept = (1 - run["zeta"]) ** 0.5
            x = made + kept * (((there.sigma**2 - eta**2) ** 0.5 - there.sigma) * own + eta * draws[at])
            at += 2
            if inner < run["iter_num_U"] - 1:
                ratio = here.alpha / there.alpha
                x = ratio * x + (1 - ratio**2) ** 0.5 * draws[at]
                at += 1
    got = torch.cat([*seen, x])
    told = CASE.about["outputs"][f"{name}/x_calls"]
    want = calls[: len(got)]
    torch.testing.assert_close(got[: len(want)], want, atol=told["atol"], rtol=told["rtol"])
    assert len(want) == 21
