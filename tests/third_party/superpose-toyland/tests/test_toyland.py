"""The laws, and that the answers are the exact ones."""

import pytest
import superpose
import torch
from superpose.testing import check_guidance, check_import_time, check_predictor, report

from superpose_toyland.middle import Middle
from superpose_toyland.model import PLACES, Toyland
from superpose_toyland.predictor import pictures

MOMENTS = [superpose.NoiseLevel(0, 0.0, *scales) for scales in ((0.1, 0.995), (0.6, 0.8), (0.98, 0.2))]


@pytest.mark.parametrize("kind", [Toyland, Middle])
def test_every_law_holds_in_every_variant(kind):
    broken = [str(line) for line in report(kind) if line.status != "ok"]
    assert not broken, "\n".join(broken)


def test_the_laws_with_prompts():
    check_predictor(Toyland(size=9).load(), ["", "sun", "moon, tree"])
    check_guidance(Middle(scale=7.0), rows=2)


def test_the_plugin_is_light():
    check_import_time("superpose_toyland")


@pytest.mark.parametrize("level", MOMENTS, ids=lambda level: f"sigma {level.sigma:g}")
@pytest.mark.parametrize("prompt", ["", "sun", "moon, tree"])
def test_the_answer_is_tweedies(prompt, level):
    r"""The mean is :math:`(x + \sigma^2 \nabla \log p(x)) / \alpha`, whatever p is."""
    model = Toyland(size=8, std=0.3)
    network = model.load()
    names = prompt.split(", ") if prompt else PLACES
    means = level.alpha * pictures(8)[[PLACES.index(name) for name in names]].double()
    spread = level.alpha**2 * model.std**2 + level.sigma**2
    x = (means[:1] + torch.randn((2, 3, 8, 8), generator=torch.Generator().manual_seed(0))).requires_grad_()
    density = (-(x[:, None] - means).square().sum((2, 3, 4)) / (2 * spread)).logsumexp(1).sum()
    [score] = torch.autograd.grad(density, x)
    want = (x + level.sigma**2 * score) / level.alpha
    told = network.gather([network.condition(prompt)] * 2)
    got = network.predict(x.detach().float(), level, told).output
    off = float((got - want).detach().abs().max())
    assert off < 1e-4, f"{off:.2g} away from Tweedie's formula"


@pytest.mark.parametrize("place", PLACES)
def test_a_prompt_is_obeyed(place):
    network = Toyland(std=0.05).load()
    images = superpose.sample(
        superpose.prompted(network, place), superpose.make("scheduler", "ddim", steps=20), network, samples=2
    )
    off = float((images - pictures(16)[PLACES.index(place)]).square().mean().sqrt())
    assert off < 0.1, f"{place}: {off:.2g} away, where the deviation is 0.05"


def test_without_a_prompt_there_is_a_bit_of_everything():
    network = Toyland(std=0.05).load()
    images = superpose.sample(
        superpose.prompted(network, ""), superpose.make("scheduler", "ddim", steps=20), network, samples=32
    )
    nearest = (images[:, None] - pictures(16)).square().sum((2, 3, 4)).argmin(1)
    assert set(nearest.tolist()) == {0, 1, 2, 3}


def test_an_unknown_place_names_the_nearest():
    [problem] = superpose.problems_of(Toyland().prompt_problems, "sun, hose")
    assert str(problem) == "there is no 'hose' in Toyland; did you mean 'house'?"
    with pytest.raises(superpose.PromptError, match="there is no 'volcano' in Toyland; it has sun, moon"):
        Toyland().load().condition("volcano")


@pytest.mark.parametrize(("ratio", "rows"), [(0.1, 1), (1.0, 2), (10.0, 1)])
def test_the_negative_prompt_is_asked_in_the_middle_alone(ratio, rows):
    network = Toyland().load()
    denoiser = Middle().denoiser(network, network.condition("sun"), network.condition(""))
    alpha = (1 + ratio**2) ** -0.5
    asking = denoiser.estimate(torch.zeros(1, 3, 16, 16), superpose.NoiseLevel(0, 0.0, alpha, ratio * alpha))
    assert len(next(asking)) == rows


def test_an_empty_interval_is_refused():
    with pytest.raises(ValueError, match="low is 9 and high 5: low must be less than high"):
        Middle(low=9.0)
