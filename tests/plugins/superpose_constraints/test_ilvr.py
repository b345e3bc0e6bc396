"""ILVR, against the recorded program."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from guided_runs import A, model_of
from recorded_posteriors import Case, drawn
from superpose import Canvas, evaluate, make, problems_of, prompted, trajectory
from superpose.testing import check_constraint
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.ilvr import Refined

CASE = Case("il_a_ilvr")


@pytest.mark.parametrize("name", CASE.runs)
def test_it_is_the_recorded_program(name):
    """But that its reference has the noise of the level before the step."""
    run, network = CASE.runs[name], model_of(A).load()
    scheduler = make("scheduler", "ddpm", grid="openai", steps=int(run["diffusion"]["timestep_respacing"]))
    plan, draws = scheduler.plan(network.schedule), iter(CASE.given["draws"])
    rule = Refined(known=CASE.given["ref_img"], factor=run["down_N"])
    # Its batch has two labels; a denoiser has one.
    asked = [prompted(network, str(int(label))) for label in CASE.given["y"]]

    def ask(x, at):
        with torch.no_grad():
            found = [evaluate(one, row[None], at) for one, row in zip(asked, x, strict=True)]
        clean, variance = (torch.cat([getattr(each, part) for each in found]) for part in ("clean", "variance"))
        return found[0]._replace(clean=clean.clamp(-1, 1), variance=variance)

    x, count = CASE.given["x_T"], plan.steps
    for step, (here, there) in enumerate(pairwise(plan.levels)):
        x, _ = scheduler.step(ask, x, here, there, None, drawn(next(draws)), False)
        if count - 1 - step > run["range_t"]:
            x = rule.after(x, here, drawn(next(draws))).value
        if step == 0:
            CASE.agree(f"{name}/after_first_step", x)
    CASE.agree(f"{name}/sample", x)


@pytest.fixture
def reference(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def test_it_keeps_the_laws(reference):
    for share in (0.3, 1.0):
        check_constraint(make("constraint", "ilvr", image=reference, factor=2, share=share), Canvas((3, 8, 8)))


def test_it_leaves_off_after_its_share_of_the_steps(reference):
    plan = make("scheduler", "ddpm", steps=10).plan(model_of(A).load().schedule)
    rule = make("constraint", "ilvr", image=reference, share=0.4).bind(Canvas((3, 8, 8))).along(plan)
    x = torch.zeros(1, 3, 8, 8)
    acts = [not torch.equal(rule.after(x, level, drawn(x + 1)).value, x) for level in plan.levels[1:]]
    assert acts == [True] * 4 + [False] * 6


def test_with_nothing_taken_from_the_reference_the_state_is_the_reference_with_noise():
    """Made coarser not at all: whatever the prompt is, up to the last step, which is left to the network."""
    known, network = (
        torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1,
        TinyPredictor((3, 16, 16)),
    )
    rule, scheduler = Refined(known=known, factor=1), make("scheduler", "ddpm", steps=6)
    runs = [trajectory(prompted(network, it), scheduler, network, constraints=[rule]) for it in ("cat", "dog")]
    states = [run.start() for run in runs]
    for level in runs[0].plan.levels[1:-1]:
        one, other = states = [run.step(state) for run, state in zip(runs, states, strict=True)]
        torch.testing.assert_close(one.x, other.x, atol=1e-5, rtol=0)
        assert float(((one.x - level.alpha * known) / level.sigma).std()) == pytest.approx(1, abs=0.1)


def test_a_factor_that_does_not_divide_is_told(reference):
    [problem] = problems_of(make("constraint", "ilvr", image=reference, factor=3).problems, Canvas((3, 8, 8)))
    assert str(problem) == "3 does not divide states of 8x8: write one of 2, 4, 8"
