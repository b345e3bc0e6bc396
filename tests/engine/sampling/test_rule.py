"""Rules that wrap the denoiser: once, the first outermost, lawful, counted, and with memory that is saved."""

from functools import partial

import attrs
import pytest
import torch

from pulls import Pull
from superpose import (
    Canvas,
    Denoiser,
    DynamicClip,
    Edit,
    LawError,
    NoClip,
    PluginError,
    RecipeError,
    Rule,
    evaluate,
    make,
    prompted,
    recall,
    remember,
    sample,
    trajectory,
)
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing import check_constraint
from superpose.testing.predictors import GaussianPredictor, TinyPredictor


@attrs.frozen(eq=False)
class Wrapping(Rule):
    """Wraps as a test chooses."""

    made: object
    needs = frozenset()

    def wrap(self, denoiser):
        return self.made(denoiser)


def a_run(network, scheduler="ddim", steps=4, **options):
    return trajectory(prompted(network, "cat"), make("scheduler", scheduler, steps=steps), network, **options)


@attrs.frozen(eq=False)
class Thresholded(Denoiser):
    """Dynamic thresholding as Imagen writes it (arXiv 2205.11487, sec. 2.3)."""

    inner: Denoiser
    percentile: float
    maximum: float

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        images = []
        for image in estimate.clean:
            s = torch.quantile(image.abs().reshape(-1), self.percentile).clamp(1, self.maximum)
            images.append(torch.clip(image, -s, s) / s)
        return estimate._replace(clean=torch.stack(images))


@pytest.mark.parametrize("scheduler", ["ddim", "ddpm", "dpmpp"])
def test_dynamic_clipping_as_a_rule_gives_the_numbers_of_the_clip(scheduler):
    network = TinyPredictor()
    clip = DynamicClip(ratio=0.8, maximum=1.5)
    run = partial(a_run, network, scheduler, samples=3)
    wrapped = run(clip=NoClip(), constraints=[Wrapping(lambda inner: Thresholded(inner, 0.8, 1.5))]).run()
    assert torch.equal(wrapped, run(clip=clip).run())
    assert not torch.equal(wrapped, run(clip=NoClip()).run())


@attrs.frozen(eq=False)
class Named(Denoiser):
    """Notes when it is asked."""

    inner: Denoiser
    name: str
    asked: list

    def estimate(self, x, level):
        self.asked.append(self.name)
        return (yield from self.inner.estimate(x, level))


def test_it_is_wrapped_once_and_the_first_rule_is_outermost():
    wrapped, asked = [], []

    def named(name):
        def made(inner):
            wrapped.append((name, getattr(inner, "name", None)))
            return Named(inner, name, asked)

        return Wrapping(made)

    run = a_run(TinyPredictor(), steps=3, samples=2, constraints=[named("first"), named("second")])
    wrapped.clear()  # it is tried on the law before
    attrs.evolve(run).run()
    assert wrapped == [("second", None), ("first", "second")]
    assert asked[-6:] == ["first", "second"] * 3


@attrs.frozen(eq=False)
class Rolling(Denoiser):
    """Guided by what it said before: remembers the clean image."""

    inner: Denoiser

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        before = yield from recall(self)
        yield from remember(self, estimate.clean)
        change = 0 if before is None else estimate.clean - before
        return estimate._replace(guidance_gradient=0.1 * change + torch.zeros_like(estimate.clean))


def test_what_a_wrapper_remembers_is_saved_with_the_run(tmp_path):
    run = partial(a_run, TinyPredictor(), samples=2, constraints=[Wrapping(Rolling)])
    whole = run().run()
    assert not torch.equal(whole, a_run(TinyPredictor(), samples=2).run())
    for stop in range(1, 4):
        stepped = run()
        state = stepped.start()
        for _ in range(stop):
            state = stepped.step(state)
        save_state(state, tmp_path / "state.safetensors")
        loaded, _ = load_state(tmp_path / "state.safetensors", stepped.scheduler)
        assert torch.equal(run().run(state=loaded), whole), f"stopped after {stop} steps"


def test_a_pull_draws_as_bayes_does():
    """Of images of unit variance the posterior is known, and how little the network knows: the pull is exact."""
    network, scheduler = GaussianPredictor((1, 32, 32), std=1.0), make("scheduler", "ddpm", steps=1000)
    rule = Pull(grey=0.8, deviation=0.5)
    images = sample(prompted(network, ""), scheduler, network, clip=NoClip(), samples=4, constraints=[rule])
    weight = 1 / (1 + 0.5**2)
    assert float(images.mean()) == pytest.approx(0.8 * weight, abs=0.02)
    assert float(images.var()) == pytest.approx(0.5**2 * weight, rel=0.05)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_pulled_sample_of_many_is_the_sample_alone(rows):
    network = TinyPredictor()
    run = partial(a_run, network, "ddpm", constraints=[Pull()], batch_size=rows)
    many = run(samples=4).run()
    for k in range(4):
        assert torch.equal(run(samples=(k,)).run()[0], many[k]), f"sample {k}"


class TestLaw:
    def test_a_wrapper_that_breaks_the_law_is_told(self):
        @attrs.frozen(eq=False)
        class Doubled(Denoiser):
            """Twice as bright."""

            inner: Denoiser

            def estimate(self, x, level):
                estimate = yield from self.inner.estimate(x, level)
                return estimate._replace(clean=2 * estimate.clean)

        lawful = Wrapping(lambda inner: Named(inner, "", []))
        says = r"constraint 1 \(Wrapping\) wraps the denoiser, and Doubled is not lawful: .*; move the clean"
        with pytest.raises(LawError, match=says):
            a_run(TinyPredictor(), constraints=[lawful, Wrapping(Doubled)])

    def test_what_is_no_denoiser_is_told(self):
        with pytest.raises(PluginError, match=r"Wrapping.wrap, .* returns an int, and must return a superpose"):
            a_run(TinyPredictor(), constraints=[Wrapping(lambda inner: 3)])

    def test_the_pull_keeps_the_laws_of_constraints(self):
        figures = check_constraint(Pull(), Canvas((3, 8, 8)))
        assert {"says-what-it-needs", "wrap-keeps-the-law", "wrap-keeps-samples-apart"} <= set(figures)


def test_a_network_that_is_not_differentiable_is_refused():
    network = TinyPredictor()
    network.differentiable = False
    with pytest.raises(RecipeError, match="pull needs a network that torch can differentiate, and the model's is not"):
        a_run(network, constraints=[Pull()])


class Shaping(Rule):
    """Noise that is the same in both halves, and clean images that move while noise stays."""

    kind = "shaping"
    needs = frozenset({"renoising"})
    keeps_noise = True

    def shape_noise(self, noise):
        return torch.cat((noise[..., :4], noise[..., :4]), -1)

    def on_clean(self, clean, here):
        return Edit(clean * 0.5, jumped=False)


class Misshaping(Rule):
    kind = "misshaping"

    def shape_noise(self, noise):
        return noise[:1, :1]


def test_a_rule_shapes_the_noise_of_the_start_and_of_steps_and_keeps_what_networks_read():
    network = TinyPredictor()
    for eta in (0.0, 1.0):
        scheduler = make("scheduler", "ddim", steps=5, eta=eta)
        run = trajectory(prompted(network, "a"), scheduler, network, constraints=[Shaping()])
        state = run.start()
        assert torch.equal(state.x[..., :4], state.x[..., 4:]), "the start"
        here, there = run.plan.levels[:2]
        clean = evaluate(prompted(network, "a"), state.x, here).clean
        noise = (state.x - here.alpha * clean) / here.sigma
        fresh = (run.step(state).x - 0.5 * there.alpha * clean) / there.sigma
        if eta:
            off = fresh - (fresh * noise).mean() / noise.square().mean() * noise
            assert 0.1 < off.std() < 1, "there is noise of the step"
        else:
            torch.testing.assert_close(fresh, noise, rtol=1e-4, atol=1e-4)


def test_noise_of_another_shape_is_its_fault_and_two_that_shape_it_are_refused():
    network = TinyPredictor()
    arguments = prompted(network, "a"), make("scheduler", "ddim", steps=2), network
    with pytest.raises(PluginError, match="shape_noise"):
        trajectory(*arguments, samples=2, constraints=[Misshaping()]).start()
    with pytest.raises(RecipeError, match="the shape of the noise, in place of that that constraint 0"):
        trajectory(*arguments, constraints=[Shaping(), Misshaping()])
