"""Gradients through networks: on where they are asked for, off beside it, and each sample's own."""

import attrs
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose import (
    BatchedEvaluator,
    ClassifierPredictor,
    Denoiser,
    Estimate,
    Mix,
    NoiseLevel,
    PluginError,
    Query,
    RunError,
    Term,
    differentiable,
    guided,
    make,
    prompted,
    sample,
    trajectory,
    viewed,
)
from superpose.estimate.lawful import check_law
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


def noise(rows=2, shape=(3, 8, 8), seed=0):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


@attrs.frozen(eq=False)
class Pulled(Denoiser):
    """Towards images that look like ``image`` to the networks (arXiv 2209.14687, without a classifier)."""

    inner: Denoiser
    image: torch.Tensor
    step: float = 1.0

    def estimate(self, x, level):
        x = x.detach().requires_grad_()
        estimate = yield from differentiable(self.inner.estimate(x, level))
        with torch.enable_grad():
            distance = (estimate.clean - self.image).square().sum()
            [gradient] = torch.autograd.grad(distance, x)
        return estimate._replace(guidance_gradient=-self.step * gradient)


class Watching(TinyPredictor):
    """Notes whether gradients were on when it was asked."""

    def __init__(self, **options):
        super().__init__(**options)
        self.modes = []

    def predict(self, x, level, conditioning):
        self.modes.append(torch.is_grad_enabled())
        return super().predict(x, level, conditioning)


@attrs.frozen(eq=False)
class Beside(Denoiser):
    """Asks twice, and notes the mode that it runs in."""

    inner: Denoiser
    seen: list

    def estimate(self, x, level):
        for _ in range(2):
            self.seen.append(torch.is_grad_enabled())
            estimate = yield from self.inner.estimate(x, level)
        self.seen.append(torch.is_grad_enabled())
        return estimate


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("shared", [False, True])
def test_neighbours_never_see_gradients_on(first, shared):
    network, seen = Watching(), []
    other = network if shared else Watching(seed=1)
    branches = [Term(Pulled(prompted(network, "a"), noise(1)), 0.5)]
    branches.insert(first, Term(Beside(prompted(other, "b"), seen), 0.5))
    with torch.no_grad():
        got = Mix(tuple(branches))(noise(), LEVEL)
        assert not torch.is_grad_enabled()
    assert seen == [False] * 3
    assert sorted(network.modes) == ([False, False, True] if shared else [True])
    assert shared or other.modes == [False, False]
    assert not any(tensor.requires_grad for tensor in got if tensor is not None)


def test_the_gradient_goes_through_the_network():
    """Closed form: the clean image of Gaussian images is affine in x."""
    network, x, image = GaussianPredictor(std=0.5, means={"a": 0.3}), noise(), noise(1, seed=1)
    with torch.no_grad():
        got = Pulled(prompted(network, "a"), image, 0.25)(x, LEVEL)
    gain = LEVEL.alpha * 0.25 / (LEVEL.alpha**2 * 0.25 + LEVEL.sigma**2)
    clean = 0.3 + gain * (x - LEVEL.alpha * 0.3)
    torch.testing.assert_close(got.clean, clean)
    torch.testing.assert_close(got.guidance_gradient, -0.25 * 2 * gain * (clean - image))


@settings(max_examples=30)
@given(samples=st.integers(1, 5), rows=st.integers(1, 7), shape=st.sampled_from([(3, 8, 8), (1, 7, 5)]))
def test_the_gradient_of_a_sample_does_not_depend_on_its_neighbours(samples, rows, shape):
    network = TinyPredictor(shape)
    asked = guided(prompted(network, "cat"), prompted(network, ""), 3.0)
    views = [(make("view", "identity"), asked), (make("view", "flip"), prompted(network, "dog"))]
    pulled = Pulled(viewed(views), noise(1, shape, seed=1))
    x = noise(samples, shape)
    with torch.no_grad():
        together = BatchedEvaluator(rows)(pulled, x, LEVEL)
        for i in range(samples):
            alone = BatchedEvaluator(rows)(pulled, x[i : i + 1], LEVEL)
            for name in ("clean", "guidance_gradient"):
                one, many = getattr(alone, name)[0], getattr(together, name)[i]
                assert torch.equal(one, many), f"{name} of sample {i} of {samples}, {rows} rows"


def test_two_branches_differentiate_each_for_itself():
    """Torch frees a forward pass once somebody has differentiated through it."""
    network = Watching()
    one, other = (Pulled(prompted(network, word), noise(1, seed=i)) for i, word in enumerate("ab"))
    with torch.no_grad():
        got = Mix((Term(one, 0.5), Term(other, 0.5)))(noise(), LEVEL)
        want = [branch(noise(), LEVEL) for branch in (one, other)]
    for name in ("clean", "guidance_gradient"):
        torch.testing.assert_close(getattr(got, name), sum(getattr(each, name) for each in want) / 2)


def test_what_one_tensor_is_asked_about_shares_a_pass():
    network = TinyPredictor()
    pulled = Pulled(guided(prompted(network, "cat"), prompted(network, ""), 3.0), noise(1))
    pulled(noise(2), LEVEL)
    assert network.blocks == [4]


def test_by_hand_torch_differentiates_through_an_estimate():
    network, x = TinyPredictor(), noise(1)
    told = network.gather([network.condition("a")])

    def bare(x):
        return (x - LEVEL.sigma * network.predict(x, LEVEL, told).output) / LEVEL.alpha

    want = torch.autograd.functional.vjp(bare, x, noise(1, seed=1))[1]
    x.requires_grad_()
    [got] = torch.autograd.grad(prompted(network, "a")(x, LEVEL).clean, x, noise(1, seed=1))
    torch.testing.assert_close(got, want)


def test_a_question_that_would_leave_the_network_out_of_the_gradient_is_refused():
    @attrs.frozen(eq=False)
    class Forgetful(Denoiser):
        """Switches gradients on, and forgets the networks."""

        inner: Denoiser

        def estimate(self, x, level):
            with torch.enable_grad():
                return (yield from self.inner.estimate(x.detach().requires_grad_(), level))

    with torch.no_grad(), pytest.raises(PluginError, match=r"the gradient would leave the network out; ask by `yield"):
        Forgetful(prompted(TinyPredictor(), "a"))(noise(), LEVEL)


def test_a_network_that_is_not_differentiable_is_not_asked_for_gradients():
    network = TinyPredictor()
    network.differentiable = False
    with pytest.raises(RunError, match="TinyPredictor is asked for a gradient, and is not differentiable: use a model"):
        Pulled(prompted(network, "a"), noise(1))(noise(), LEVEL)
    assert network.blocks == []


def test_differentiable_takes_estimates_only():
    with pytest.raises(PluginError, match=r"differentiable was given a superpose\.Prompted"):
        next(differentiable(prompted(TinyPredictor(), "a")))


class Bowl(ClassifierPredictor):
    """Of two classes the second is likelier the nearer an image is to black."""

    shape, device = (3, 8, 8), torch.device("cpu")

    def logits(self, x, level):
        near = -0.01 * x.square().flatten(1).sum(1)
        return torch.stack([torch.zeros_like(near), near], 1)


def test_a_classifier_is_differentiated_once_more():
    bowl = Bowl()
    told = bowl.condition("1", 1)

    class Steep(Denoiser):
        """The gradient of the length of a classifier's gradient."""

        def asked(self, x):
            [answer] = yield [Query(bowl, x, told)]
            return Estimate(answer.output)

        def estimate(self, x, level):
            x = x.detach().requires_grad_()
            estimate = yield from differentiable(self.asked(x))
            return Estimate(*torch.autograd.grad(estimate.clean, x, estimate.clean.detach()))

    x = noise(1)
    with torch.no_grad():
        got = Steep()(x, LEVEL).clean

    def likely(x):
        return torch.log_softmax(bowl.logits(x, LEVEL), 1)[0, 1]

    slope = torch.autograd.functional.jacobian(likely, x)
    torch.testing.assert_close(got, torch.autograd.functional.hvp(likely, x, slope)[1])


@attrs.frozen(eq=False)
class Leaving(Denoiser):
    """Returns what torch can still differentiate."""

    inner: Denoiser

    def estimate(self, x, level):
        return (yield from differentiable(self.inner.estimate(x.detach().requires_grad_(), level)))


def test_a_trajectory_keeps_no_graph():
    network = TinyPredictor()
    run = trajectory(Leaving(prompted(network, "a")), make("scheduler", "ddim", steps=2), network)
    state = run.step(run.start())
    assert not state.x.requires_grad
    assert not state.clean.requires_grad


def test_a_pull_through_the_network_is_lawful_and_draws_nearer():
    network, image = GaussianPredictor(std=1.0), noise(1, seed=1).clamp(-1, 1)
    scheduler = make("scheduler", "ddim", steps=8)
    plain, pulled = prompted(network, ""), Pulled(prompted(network, ""), image)
    check_law(pulled, network.shape, [LEVEL])
    far, near = (float((sample(one, scheduler, network) - image).square().mean()) for one in (plain, pulled))
    assert near < 0.2 * far
