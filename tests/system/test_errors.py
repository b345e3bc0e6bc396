"""Errors of methods against the truth, beside other programs: ours are not larger, but for chance.

As `benchmarks/closed_form.py` has them, which makes the table of docs/methods.md, with fewer samples and steps.
"""

import importlib.util
from pathlib import Path

import pytest
import torch

from superpose import Trajectory, make, prompted
from superpose.testing.gaussian import BatchNoise, distance
from superpose_constraints.freeze import Frozen, FrozenAnew
from superpose_constraints.inpaint import Replacement

FILE = Path(__file__).parents[2] / "benchmarks" / "closed_form.py"
#: What rounding and chance explain: float32 beside float64, and other draws.
SAME, CHANCE = 1.002, 0.05


@pytest.fixture(scope="module")
def figures():
    """The benchmark with fewer samples."""
    spec = importlib.util.spec_from_file_location("closed_form", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.SAMPLES, module.NOISE, module.STEPS = 1000, BatchNoise((1000, *module.IMAGES.shape)), 50
    return module


FLOWS = ("ddim", "euler", "heun", "dpmpp", "unipc", "lms")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers hands tensors to NumPy
@pytest.mark.parametrize("kind", FLOWS)
def test_along_the_flow_we_are_as_close_to_its_end_as_diffusers(kind, figures):
    pytest.importorskip("diffusers")
    assert {name for name, *_ in figures.FLOWS} == set(FLOWS)
    [(options, theirs)] = [(options, theirs) for name, options, theirs, _ in figures.FLOWS if name == kind]
    mine, other = figures.ours(kind, options, 10), figures.of_diffusers(*theirs, 10)
    assert figures.off_the_flow(mine) <= SAME * figures.off_the_flow(other)
    assert figures.off_the_flow(figures.ours(kind, options, 40)) < figures.off_the_flow(mine) / 3


def test_with_noise_we_are_as_close_to_the_distribution_as_diffusers(figures):
    pytest.importorskip("diffusers")
    [(kind, options, theirs, _)] = figures.CHANCE
    mine, other = figures.ours(kind, options, 50), figures.of_diffusers(*theirs, 50)
    assert figures.off_the_truth(mine) <= figures.off_the_truth(other) + CHANCE


@pytest.mark.parametrize(
    ("kind", "options", "bound"), [("ddpm", {}, 0.22), ("ddpm", {"variance": "fixed_large"}, 0.19)]
)
def test_repeats_bring_inpainting_near_the_exact_conditional(kind, options, bound, figures):
    """Without them it is 0.37 off: see docs/inpainting.md."""
    keep, known = torch.zeros(1, 4, 4), torch.tensor([0.9, 0.7, 0.0, 0.0]).expand(1, 4, 4)
    keep[..., :2] = 1
    rule, scheduler = Replacement(known=known, keep=keep, repeats=3), make("scheduler", kind, steps=50, **options)
    plan = rule.plan(scheduler.plan(figures.IMAGES.schedule))
    images = Trajectory(prompted(figures.IMAGES, ""), scheduler, plan, figures.NOISE, [rule]).run()
    assert distance(images[..., 2:].flatten(1), *figures.IMAGES.given(known, keep)) < bound


@pytest.mark.parametrize("rule", [Frozen, FrozenAnew])
def test_freezing_is_near_the_exact_conditional(rule, figures):
    """What is painted knows of the part by way of the network alone: a fifth of the spread is what that costs."""
    scheduler = make("scheduler", "ddpm", variance="fixed_large", steps=50)
    assert figures.frozen(rule, scheduler) < 0.25
    part = make("decomposition", "haar", bands=2).part("band-0")
    known = 0.1 + 0.5 * torch.randn(figures.IMAGES.shape, generator=torch.Generator().manual_seed(5))
    free = figures.ours("ddpm", {"variance": "fixed_large"}, 50)
    pasted = free + part(known - free)  # the part put in at the end alone
    assert distance(pasted.flatten(1), *figures.exact_of_part(part, known)) > 0.4
