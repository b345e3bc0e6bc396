"""AND and NOT of denoisers."""

import math

import pytest
import torch

from superpose import LawError, NoiseLevel, composed, guided, make, prompted, sample, trajectory
from superpose.estimate.composed import left_over
from superpose.testing.gaussian import BatchNoise
from superpose.testing.learned import WithVariance
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


def noise(count=2):
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_it_is_the_formula_of_the_paper():
    """In epsilon, as it is written there."""
    network, x = TinyPredictor(), noise()
    weights = {"cat": 2.0, "dog": 0.7, "bird": -1.5}
    got = composed([(prompted(network, name), weight) for name, weight in weights.items()], prompted(network, ""))

    def said(name):
        return (x - LEVEL.alpha * prompted(network, name)(x, LEVEL).clean) / LEVEL.sigma

    want = said("") + sum(weight * (said(name) - said("")) for name, weight in weights.items())
    torch.testing.assert_close((x - LEVEL.alpha * got(x, LEVEL).clean) / LEVEL.sigma, want, atol=1e-5, rtol=1e-5)
    got.check((3, 8, 8))


def test_one_prompt_is_guidance():
    network, x = TinyPredictor(), noise()
    cat, nothing = prompted(network, "cat"), prompted(network, "")
    got, want = composed([(cat, 3.0)], nothing), guided(cat, nothing, 3.0)
    assert torch.equal(got(x, LEVEL).clean, want(x, LEVEL).clean)


def test_it_asks_each_prompt_once_and_what_it_starts_from_once():
    network = TinyPredictor()
    cat, dog, nothing = (prompted(network, name) for name in ("cat", "dog", ""))
    composed([(cat, 2.0), (dog, -1.0), (cat, 0.5)], nothing)(noise(), LEVEL)
    assert network.blocks == [6]


@pytest.mark.parametrize("weights", [(0.5, 0.5), (1.5, -0.5), (0.1, 0.2, 0.7), (1.0,)])
def test_weights_that_sum_to_one_start_from_nothing(weights):
    assert left_over(weights) == 0
    network = TinyPredictor()
    names = [str(i) for i in range(len(weights))]
    mix = composed([(prompted(network, name), weight) for name, weight in zip(names, weights, strict=True)])
    mix.check((3, 8, 8))
    mix(noise(), LEVEL)
    assert network.blocks == [2 * len(weights)]


def test_what_is_left_over_must_be_somebodys():
    network = TinyPredictor()
    with pytest.raises(LawError, match=r"leave -1\.5 to what is said without a prompt: give base"):
        composed([(prompted(network, "cat"), 2.5)])


def test_the_variance_is_that_of_the_first_that_is_shown():
    network, x = WithVariance(TinyPredictor()), noise()
    dog, cat, nothing = (prompted(network, name) for name in ("dog", "cat", ""))
    got = composed([(dog, -1.0), (cat, 2.0), (nothing, 0.5)], nothing)(x, LEVEL).variance
    assert torch.equal(got, cat(x, LEVEL).variance)


def test_of_gaussians_it_samples_the_product_of_their_densities():
    r"""Of one variance, :math:`p_0 \prod_i (p_i / p_0)^{w_i}` has that variance, and a mean by the same formula."""
    means = {"a": 0.4, "b": -0.3, "c": 0.8, "": 0.1}
    weights = {"a": 1.5, "b": 0.8, "c": -0.6}
    network = GaussianPredictor((1, 4, 4), std=0.3, means=means)
    mix = composed([(prompted(network, name), weight) for name, weight in weights.items()], prompted(network, ""))
    mean = means[""] + sum(weight * (means[name] - means[""]) for name, weight in weights.items())
    want = GaussianPredictor((1, 4, 4), std=0.3, means={"": mean})
    x = noise(4)[:, :1, :4, :4]
    for level in (LEVEL, NoiseLevel(0, 50.0, 0.98, 0.199)):
        expected = prompted(want, "")(x, level).clean
        torch.testing.assert_close(mix(x, level).clean, expected, atol=1e-5, rtol=1e-5)
    run = trajectory(mix, make("scheduler", "ddpm", steps=400), network)
    run = type(run)(run.denoiser, run.scheduler, run.plan, BatchNoise((2000, 1, 4, 4)), predictor=network)
    images = run.run()
    assert abs(float(images.mean()) - mean) < 4 * 0.3 / math.sqrt(images.numel()) + 2e-3
    assert abs(float(images.std()) - 0.3) < 0.01


def test_a_sample_of_many_is_the_sample_alone():
    network, scheduler = TinyPredictor(), make("scheduler", "ddim", steps=3)
    mix = composed([(prompted(network, "cat"), 2.0), (prompted(network, "dog"), -0.5)], prompted(network, ""))
    many = sample(mix, scheduler, network, samples=5, batch_size=4)
    assert torch.equal(sample(mix, scheduler, network, samples=(3,), batch_size=4)[0], many[3])
