"""Mixes whose questions are known beforehand say what they say when every estimate inside is run."""

import attrs
import pytest
import torch

from superpose import Denoiser, Mix, NoiseLevel, PluginError, Process, Prompted, Term, factorized, guided, make, viewed
from superpose.testing.learned import WithVariance
from superpose.testing.predictors import TinyPredictor

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)
IDENTITY, FLIP, NEGATE = (make("view", kind) for kind in ("identity", "flip", "negate"))
HYBRID = make("decomposition", "hybrid", sigma=2.0)


@attrs.frozen(eq=False)
class Run(Denoiser):
    """Whatever it has inside, run as a coroutine."""

    inner: Denoiser

    def estimate(self, x, level):
        return (yield from self.inner.estimate(x, level))

    def with_dispersion(self):
        return attrs.evolve(self, inner=self.inner.with_dispersion())


class Louder(Prompted):
    """Made of `Prompted`, and says something else."""

    def estimate(self, x, level):
        estimate = yield from super().estimate(x, level)
        return estimate._replace(clean=2 * estimate.clean)


def tree(network, inside=lambda denoiser: denoiser):
    """Views of hybrids of guided prompts, each denoiser in it as ``inside`` makes it."""
    told = {prompt: network.condition(prompt) for prompt in ("", "cat", "dog")}

    def asked(prompt):
        words, nothing = (inside(Prompted(network, told[one])) for one in (prompt, ""))
        return inside(guided(words, nothing, 3.0))

    parts = inside(factorized(HYBRID, [asked("cat"), asked("dog")]))
    return viewed([(IDENTITY, parts), (FLIP, asked("dog")), (NEGATE, inside(Prompted(network, told["cat"])))])


@pytest.mark.parametrize("learned", [False, True])
def test_what_is_asked_beforehand_is_what_coroutines_ask_bit_for_bit(learned):
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network = WithVariance(TinyPredictor()) if learned else TinyPredictor()
    beforehand, run = tree(network)(x, MOMENT), tree(network, Run)(x, MOMENT)
    assert (beforehand.variance is not None) == learned
    for name, one, other in zip(run._fields, beforehand, run, strict=True):
        assert (one is None) == (other is None), name
        assert one is None or torch.equal(one, other), name


def test_dispersion_is_the_same_as_well():
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network = TinyPredictor()
    told = [Prompted(network, network.condition(prompt)) for prompt in "ab"]
    plain = guided(*told, 3.0).with_dispersion()(x, MOMENT)
    run = guided(*map(Run, told), 3.0).with_dispersion()(x, MOMENT)
    assert torch.equal(plain.dispersion, run.dispersion)


def test_a_denoiser_made_of_prompted_is_asked_by_its_own_estimate():
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network = TinyPredictor()
    condition = network.condition("a")
    mixed = Mix((Term(Louder(network, condition), 1.0),))(x, MOMENT).clean
    assert torch.equal(mixed, 2 * Prompted(network, condition)(x, MOMENT).clean)


def test_a_mix_made_of_mix_is_asked_by_its_own_estimate():
    class Halved(Mix):
        def estimate(self, x, level):
            estimate = yield from super().estimate(x, level)
            return estimate._replace(clean=estimate.clean / 2)

    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network = TinyPredictor()
    plain = Prompted(network, network.condition("a"))
    assert torch.equal(Mix((Term(Halved((Term(plain),))),))(x, MOMENT).clean, plain(x, MOMENT).clean / 2)


def test_gradients_go_through_what_was_asked_beforehand():
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network = TinyPredictor()
    gradients = []
    for inside in (lambda it: it, Run):
        state = x.clone().requires_grad_()
        gradients += torch.autograd.grad(tree(network, inside)(state, MOMENT).clean.square().sum(), state)
    assert gradients[0].abs().max() > 0
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("said", [None, torch.zeros(2, 3, 8, 8)], ids=["nothing", "other rows"])
def test_a_process_that_reads_no_image_is_named_and_not_left_out_of_the_sum(said):
    class Illiterate(Process):
        name = "illiterate"

        def start(self, noise, level):
            return noise("start")

        def climb(self, x, here, there, noise):
            return x

        def read(self, parameterization, output, x, level):
            return said

    class Unread(TinyPredictor):
        process = Illiterate()

    network, x = Unread(), torch.zeros(1, 3, 8, 8)
    told = [Prompted(network, network.condition(prompt)) for prompt in "ab"]
    with pytest.raises(PluginError, match=r"Illiterate\.read"):
        guided(*told, 3.0)(x, MOMENT)
