"""DPS, against the recorded program and azula's."""

import pytest
import torch

import superpose
from guided_runs import model_of
from recorded_mixture import MIXTURE, MixturePredictor, matrix, plan_of
from recorded_posteriors import FIXTURES, Case
from superpose import Clipped, StaticClip, Trajectory, make, prompted
from superpose_constraints.dps import Slope
from superpose_operators.bound.masked import Masked
from superpose_operators.bound.separable import Separable

CASE = Case("dp_a_dps")
SHAPE = (3, 16, 16)


def network_of(run):
    if run["net"] == "pd_a_ddpm_model":
        return make("model", "ddpm", path=FIXTURES / "pd_a_ddpm_model" / "model.ckpt", size=16).load()
    return model_of(run["net"]).load()


def operator_of(name):
    given = CASE.given
    if f"{name}/mask" in given:
        return Masked(SHAPE, given[f"{name}/mask"][0].expand(SHAPE))
    if f"{name}/resizer_matrix" in given:
        return make("operator", "bicubic", factor=CASE.runs[name]["operator"]["scale_factor"]).bound_to(SHAPE)
    # Its kernel is a product, with rows that are the same but for their sum.
    kernel = given[f"{name}/kernel"].sum(0).double().numpy()
    from superpose_operators.blur import convolution

    columns = torch.from_numpy(convolution(kernel, 16, "mirror"))
    return Separable(SHAPE, columns, columns)


def scheduler_of(run):
    said = run["respacing"]
    grid = {"grid": "openai", "steps": int(said)} if said.isdigit() else {"grid": "ddim-openai", "steps": 10}
    if run["sampler"] == "ddim":
        return make("scheduler", "ddim", **grid)
    return make("scheduler", "ddpm", variance=run["var"], **grid)


class Draws:
    """The recorded draws, of which every second is for the observation, and is not used here."""

    def __init__(self, name):
        given = CASE.given
        self.start = given[f"{name}/x_T"]
        self.steps = given[f"{name}/draws_step"] if f"{name}/draws_step" in given else given[f"{name}/draws"][::2]

    def draw(self, step, purpose="step", law="normal"):
        return self.start if purpose == "start" else self.steps[step]


@pytest.mark.parametrize("name", ["inpaint", "sr4", "blur", "inpaint_ddim"])
def test_it_is_the_recorded_program(name):
    run, network = CASE.runs[name], network_of(CASE.runs[name])
    scheduler = scheduler_of(run)
    prompt = str(run.get("label", ""))
    rule = Slope(operator=operator_of(name), observed=CASE.given[f"{name}/y"], scale=run["scale"])
    denoiser = Clipped(prompted(network, prompt), StaticClip())
    states, cleans = [], []

    class Watch:
        def see(self, step):
            states.append(step.x)
            cleans.append(step.clean)

    plan = scheduler.plan(network.schedule)
    Trajectory(denoiser, scheduler, plan, Draws(name), [rule], predictor=network).run([Watch()])
    CASE.agree(f"{name}/samples", torch.cat(states))
    CASE.agree(f"{name}/x0_hat", torch.cat(cleans))
    distance = [(rule.observed - rule.operator.apply(clean)).norm() for clean in cleans]
    CASE.agree(f"{name}/distance", torch.stack(distance))
    before = states[-2]
    at = plan.levels[len(states) - 1]
    shift = rule.wrap(denoiser)(before, at).displacement
    CASE.agree(f"{name}/grad_last", -shift / run["scale"])


def test_azulas_samples_know_of_each_other_and_nothing_else_differs():
    """Its norm is one of the whole batch: each sample's own slope, times its share of that norm."""
    run = MIXTURE.runs["dps"]
    observed = MIXTURE.given["dps/y"].view(2, 1, 1, 5)
    network, operator = MixturePredictor(), matrix()
    x, draws = MIXTURE.given["x_1"].view(2, 1, 1, 12), MIXTURE.given["dps/draws"]
    plan, states = plan_of(run), []
    slope = Slope(operator=operator, observed=observed, scale=run["zeta"]).wrap(prompted(network, ""))
    for step, (here, there) in enumerate(zip(plan.levels, plan.levels[1:], strict=False)):
        told = slope(x, here)
        own = (observed - operator.apply(told.clean)).flatten(1).norm(dim=1)
        share = (own / own.norm()).view(2, 1, 1, 1)
        draw = draws[step].view(2, 1, 1, 12)
        eta = run.get("eta", 1.0) ** 0.5  # as its DPS is unless told otherwise
        made = superpose.moved(x, told.clean, here, there, lambda draw=draw: draw, eta)
        x = made + told.displacement * share
        states.append(x)
    MIXTURE.agree("dps/x", torch.cat(states))


def test_the_paper_is_twice_the_code(tmp_path):
    import numpy as np

    np.save(tmp_path / "y.npy", np.zeros((1, 8, 8)))
    told = {"operator": make("operator", "grey"), "observed": tmp_path / "y.npy", "scale": 0.3}
    canvas = superpose.Canvas((3, 8, 8))
    scales = [make("constraint", "dps", form=form, **told).bind(canvas).scale for form in ("code", "paper")]
    assert scales == [0.3, 0.6]
