"""Guidance in an interval, beside diffusers' and the paper's rule."""

import pytest
import torch

from recorded_guiders import RUNS, Recorded, check_recorded, guided_run
from superpose import NoiseLevel, RecipeError, RunError, StepInfo, invert, loads, make, prompted, sample
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor

END = NoiseLevel(9, -1.0, 1.0, 0.0)


def interval(scale=3.0, **options):
    return make("guidance", "interval", base=make("guidance", "cfg", scale=scale), **options)


def level(ratio, step=0, total=10):
    here = NoiseLevel(0, 500.0, 1.0, ratio)
    return here.asked_in(StepInfo(here, END, step, total))


@pytest.mark.parametrize(("ratio", "inside"), [(0.1, False), (0.28, False), (0.2801, True), (2.9, True), (2.91, False)])
def test_noise_levels_are_guided_above_low_and_up_to_high(ratio, inside):
    network = TinyPredictor()
    conditions = network.condition("cat"), network.condition("")
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    got = interval(sigma_low=0.28, sigma_high=2.9).denoiser(network, *conditions)(x, level(ratio)).clean
    asked = sum(network.blocks)
    want = make("guidance", "cfg", scale=3.0).denoiser(network, *conditions) if inside else prompted(network, "cat")
    assert torch.equal(got, want(x, level(ratio)).clean)
    assert asked == (4 if inside else 2)


@pytest.mark.parametrize(
    ("start", "stop", "total", "steps"),
    [
        (0.2, 0.7, 6, [1, 2, 3]),
        (0.0, 0.5, 10, [0, 1, 2, 3, 4]),
        (0.29, 0.31, 100, [29, 30]),  # where 0.29 * 100 < 29
        (0.9, 1.0, 10, [9]),
        (0.0, 1.0, 3, [0, 1, 2]),
    ],
)
def test_steps_are_guided_from_start_on_and_before_stop(start, stop, total, steps):
    rule = interval(start=start, stop=stop)
    assert [step for step in range(total) if rule.holds(level(1.0, step, total))] == steps


def test_it_is_that_of_diffusers():
    args = RUNS["cfg_interval"]
    network = Recorded(yes="pred_cond", no="pred_uncond")
    rule = interval(args["guidance_scale"], start=args["start"], stop=args["stop"])
    check_recorded(guided_run(rule, network), "cfg_interval")
    assert network.blocks == [2, 4, 4, 4, 2, 2]


def test_the_whole_interval_is_its_base_bit_for_bit():
    network = TinyPredictor()
    scheduler = make("scheduler", "heun", steps=4)
    conditions = network.condition("cat"), network.condition("")
    one, other = (
        sample(guidance.denoiser(network, *conditions), scheduler, network)
        for guidance in (interval(), make("guidance", "cfg", scale=3.0))
    )
    assert torch.equal(one, other)


@pytest.mark.parametrize("options", [{}, {"sigma_high": 1.0}, {"start": 0.3, "stop": 0.6}, {"sigma_low": 1e9}])
def test_it_is_a_lawful_guidance(options):
    check_guidance(interval(**options), rows=2)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": 0.5, "stop": 0.5}, r"start = 0.5 must be less than stop = 0.5"),
        ({"sigma_low": 3.0, "sigma_high": 2.0}, r"sigma_low = 3 must be less than sigma_high = 2"),
    ],
)
def test_an_empty_interval_is_refused(options, says):
    with pytest.raises(RecipeError, match=says):
        interval(**options)
    table = "".join(f"{key} = {value}\n" for key, value in options.items())
    recipe = 'prompt = "A"\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n[guidance]\nkind = "interval"\n'
    with pytest.raises(RecipeError, match=f"guidance.*{says}"):
        loads(f'{recipe}base = {{kind = "cfg"}}\n{table}')


def test_a_share_of_the_steps_needs_to_know_them():
    network = TinyPredictor()
    denoiser = interval(start=0.5).denoiser(network, network.condition("cat"), network.condition(""))
    x = torch.zeros(1, 3, 8, 8)
    with pytest.raises(RunError, match="must know the step"):
        denoiser(x, NoiseLevel(0, 500.0, 0.6, 0.8))
    plan = make("scheduler", "ddim", steps=4).plan(network.schedule)
    network.blocks.clear()
    invert(denoiser, x, plan)
    assert network.blocks == [2, 2, 1, 1]  # upwards: guided in the second half of the way down
