"""Panoramas, against the recorded runs of the pipeline of diffusers that averages windows after every step."""

import json
from pathlib import Path

import attrs
import pytest
import torch
from safetensors.torch import load_file

from superpose import LawError, guided, make, prompted, trajectory, viewed
from superpose.estimate.on_canvas import OnCanvas
from superpose.estimate.shares import shared

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDER = FIXTURES / "pn_a_multidiffusion"
CASE = json.loads((FOLDER / "case.json").read_text())
RUNS = {run["name"]: run for run in CASE["runs"]}
GIVEN, WANTED = (load_file(FOLDER / f"{name}.safetensors") for name in ("inputs", "outputs"))


def agree(name, got):
    told = CASE["outputs"][name]
    torch.testing.assert_close(got, WANTED[name], atol=told["atol"], rtol=told["rtol"], msg=lambda it: f"{name}: {it}")


@attrs.frozen
class Given:
    """The noise of the start."""

    start: torch.Tensor

    def draw(self, step, purpose="step", law="normal"):
        assert purpose == "start"
        return self.start


def windows(run):
    height, width = run["latent_size"]
    wrap = "width" if run["circular"] else "none"
    view = make("view", "panorama", size=[run["window"]] * 2, stride=run["stride"], wrap=wrap)
    return view.windows((4, height, width))


#: How each recorded run gets there: its scheduler as ours.
SCHEDULERS = {
    "DDIMScheduler": ("ddim", {"grid": "leading", "offset": 1, "final": "first"}),
    "DPMSolverMultistepScheduler": ("dpmpp", {"grid": "karras-rounded", "final": "zero"}),
}


@pytest.mark.parametrize("name", ["wide", "wide_circular", "grid", "dpmpp_2m_circular"])
def test_it_is_the_recorded_run(name):
    """It averages what windows have become after a step, which is the step of the average: its schedulers are linear.

    Each of its windows has a history of its own, and the mean of those is the history of the mean.
    """
    run, network = (
        RUNS[name],
        make("model", "stable-diffusion", path=FIXTURES / "df_d_stable_diffusion/pipeline").load(),
    )
    views = windows(run)
    places = [[view.top, view.top + view.height, view.left, view.left + view.width] for view in views]
    assert places == run["views_h0_h1_w0_w1"]
    told, negative = (prompted(network, run[key]) for key in ("prompt", "negative_prompt"))
    one = guided(told, negative, run["guidance_scale"])
    joined = (-1,) if run["circular"] else ()
    canvas = OnCanvas(network, (4, *run["latent_size"]), joined=joined, margin=run.get("decode_padding", 8))
    kind, options = SCHEDULERS[run["scheduler"]["class"]]
    scheduler = make("scheduler", kind, steps=run["steps"], **options)
    made = trajectory(viewed([(view, one) for view in views]), scheduler, canvas, batch_size=8)
    made = attrs.evolve(made, noise=Given(GIVEN[f"{name}/x_T"]))
    state, latents = made.start(), []
    while state.step < made.steps:
        state = made.step(state)
        latents.append(state.x[0])
    agree(f"{name}/latents", torch.stack(latents))
    agree(f"{name}/image", made.finish(state))


def test_a_strip_that_it_leaves_at_zero_is_refused_and_ours_leaves_none():
    run = RUNS["uncovered"]
    theirs = [
        make("view", "window", left=left, size=[8, 8]).windows((4, 8, 20))[0]
        for _, _, left, _ in run["views_h0_h1_w0_w1"]
    ]
    with pytest.raises(LawError, match="columns 16 to 19"):
        shared(theirs, [1.0] * len(theirs))
    assert [view.left for view in windows(run)] == [0, 6, 12]
