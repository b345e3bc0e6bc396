"""Twisted diffusion against posteriors that are known, whatever guides the steps."""

import attrs
import numpy as np
import pytest
import torch

import superpose
from mixtures import AllAtOnce, mixture, network, total_variation
from superpose import Context, Estimate, LinearOperator, NoClip, NoiseLevel, RecipeError, Spectrum, Transition
from superpose.running.assembly import assemble
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing import check_population
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.pigdm import Guided
from superpose_populations.twisted import Twist, Twisted

PRIOR = mixture([0.4, 0.6], [-1.3, 1.0], [0.2, 0.1])
NETWORK = network(PRIOR)
#: What was observed of the number, and the deviation of its noise: neither mode explains it alone.
SEEN, NOISE = 0.1, 0.8
DDPM = superpose.make("scheduler", "ddpm", steps=60)


@attrs.frozen(eq=False)
class Whole(LinearOperator):
    """Sees the image as it is."""

    shape = observed_shape = (1, 1, 1)

    def apply(self, x):
        return x.clone()

    @property
    def spectrum(self):
        return Spectrum(torch.ones(1, 1, 1), lambda x: x, lambda x: x, lambda x: x)


OBSERVED = torch.full((1, 1, 1, 1), SEEN)


@attrs.frozen(kw_only=True)
class Known(Twisted):
    """Twisted with tensors at hand."""

    kind = "known"
    operator: object = None
    observed: object = None
    noise: float = NOISE
    weighted: bool = True

    def bind(self, context, readings):
        twist = Twist(Whole(), OBSERVED, self.noise, size=self.size)
        return twist if self.weighted else Even()


class Even(superpose.Potential):
    """Finds every particle as good as the others."""

    def weigh(self, made, memory):
        return made.after.new_zeros(len(made.after)), memory


@attrs.frozen(eq=False)
class Pulled(superpose.Denoiser):
    """Pulls upwards, whatever was observed: a guide that is wrong."""

    inner: superpose.Denoiser
    shift: bool

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        if self.shift:
            return estimate._replace(displacement=torch.full_like(x, 0.03 * level.sigma))
        return estimate._replace(guidance_gradient=torch.full_like(x, 0.4 * level.alpha))


@attrs.frozen(eq=False)
class Upwards(superpose.Rule):
    """The rule of that guide: a gradient, or a shift of the state after the step."""

    kind = "upwards"
    shift: bool = False

    def wrap(self, denoiser):
        return Pulled(denoiser, self.shift)


@attrs.frozen(eq=False)
class Shared(superpose.Denoiser):
    """Shifts the state by a share of what is inside."""

    inner: superpose.Denoiser
    share: float

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        shift = estimate.displacement
        return estimate._replace(displacement=None if shift is None else self.share * shift)


@attrs.frozen(eq=False)
class Paper(superpose.Rule):
    """PiGDM's form of the paper, a share of it."""

    kind = "paper"
    needs = frozenset({"differentiable"})
    share: float

    def wrap(self, denoiser):
        whole = Guided(operator=Whole(), observed=OBSERVED, noise=NOISE, form="paper")
        return Shared(whole.wrap(denoiser), self.share)


def of_posterior(y):
    return PRIOR.log_density(y[:, None]) - (y - SEEN) ** 2 / (2 * NOISE**2)


def distance(rules, seed=0, scheduler=DDPM, **options):
    population = Known(size=4096, **options)
    made = assemble(superpose.prompted(NETWORK, ""), scheduler, NETWORK, constraints=rules, clip=NoClip(), seed=seed)
    made = made.carrying(population, Context.of(NETWORK))
    run = made.run(AllAtOnce(seed, population.size), None, swarm=made.swarm((0,)))
    state = run.start()
    while state.step < run.steps:
        state = run.step(state)
    weights = state.particles.log_weights.softmax(1).flatten()
    return total_variation(state.x.flatten(), weights, of_posterior), state.particles


GUIDES = {
    "none": [],
    "score": [Guided(operator=Whole(), observed=OBSERVED, noise=NOISE, form="score")],
    "matched": [Guided(operator=Whole(), observed=OBSERVED, noise=NOISE)],
    "gradient": [Upwards()],
    "shift": [Upwards(shift=True)],
    "paper": [Paper(share=0.4)],
}


@pytest.mark.parametrize("guide", GUIDES)
def test_it_draws_from_the_posterior_whatever_guides(guide):
    assert distance(GUIDES[guide])[0] < 0.045


@pytest.mark.parametrize("guide", ["none", "gradient", "shift"])
def test_which_the_guide_alone_does_not(guide):
    assert distance(GUIDES[guide], weighted=False)[0] > 0.1


@pytest.mark.parametrize("options", [{"kind": "ddim", "eta": 0.6}, {"kind": "ddpm", "variance": "fixed_large"}])
def test_of_any_noise_that_steps_draw(options):
    scheduler = superpose.make("scheduler", steps=60, **options)
    assert distance(GUIDES["score"], scheduler=scheduler)[0] < 0.06


def test_a_step_is_weighed_after_the_next_and_the_last_two_at_the_end():
    here, there, end = NoiseLevel(0, 2.0, 0.6, 0.8), NoiseLevel(1, 1.0, 0.8, 0.6), NoiseLevel(2, -1.0, 1.0, 0.0)
    states = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
    twist = Twist(Whole(), OBSERVED, NOISE, size=2)
    ratio = torch.tensor([0.3, -0.2]).double()
    first = Transition(0, 2, here, there, states, states, Estimate(states), states * 0.5, ratio)
    last = Transition(1, 2, there, end, states, states * 2, Estimate(states), states * 0.7, -2 * ratio)
    added, memory = twist.weigh(first, ())
    spread = 1 / (1 + (0.6 / 0.8) ** 2)
    torch.testing.assert_close(added, -((SEEN - states.flatten().double() * 0.5) ** 2) / (2 * (NOISE**2 + spread)))
    more, _ = twist.weigh(last, memory)
    final = -((SEEN - states.flatten().double() * 2) ** 2) / (2 * NOISE**2)
    torch.testing.assert_close(added + more, final + ratio - 2 * ratio)


TINY = TinyPredictor((3, 8, 8))
STEPS = superpose.make("scheduler", "ddpm", steps=6)


@pytest.fixture
def population(tmp_path):
    np.save(tmp_path / "seen.npy", np.zeros((3, 8, 8), dtype=np.float32))
    operator = superpose.make("operator", "random-mask", share=0.5)
    return Twisted(size=4, operator=operator, observed=tmp_path / "seen.npy", noise=2.0, resample=1.0)


def images(population, samples):
    made = assemble(superpose.prompted(TINY, "cat"), STEPS, TINY, seed=3, batch_size=4)
    return made.carrying(population, Context.of(TINY)).trajectory(samples)


def test_it_obeys_the_laws(population):
    check_population(population, 3, 8, 8)


def test_a_population_of_one_is_none(population):
    alone = images(attrs.evolve(population, size=1), (0, 5)).run()
    assert torch.equal(alone, images(None, (0, 5)).run())


def test_a_sample_is_itself_alone_after_a_stop_and_replayed(population, tmp_path):
    run = images(population, (0, 1, 5))
    state = run.start()
    for _ in range(3):
        state = run.step(state)
    save_state(state, tmp_path / "state")
    loaded, _ = load_state(tmp_path / "state", run.scheduler)
    while state.step < run.steps:
        state = run.step(state)
    whole = run.finish(state)
    assert torch.equal(run.run(state=loaded), whole)
    assert torch.equal(images(population, (1,)).run()[0], whole[1])
    lineages = run.swarm.lineages(state.particles)
    assert any(len(lineage) > 1 for lineage in lineages)
    made = assemble(superpose.prompted(TINY, "cat"), STEPS, TINY, seed=3, batch_size=4)
    assert torch.equal(made.trajectory((0, 1, 5), lineages=lineages).run(), whole)


class Moved(superpose.Rule):
    """Moves the state."""

    kind = "moved"

    def after(self, x, there, noise):
        return superpose.Edit(x * 0.9)


class TestWhatIsRefused:
    def refused(self, population, scheduler=STEPS, **options):
        with pytest.raises(RecipeError) as error:
            superpose.trajectory(superpose.prompted(TINY, "cat"), scheduler, TINY, population=population, **options)
        return str(error.value)

    @pytest.mark.parametrize(("kind", "options"), [("dpmpp-sde", {}), ("langevin", {})])
    def test_steps_of_another_density(self, population, kind, options):
        told = self.refused(population, superpose.make("scheduler", kind, steps=4, **options))
        assert "not affine in the clean image with noise of a fixed variance: use an ancestral scheduler" in told

    def test_a_scheduler_without_noise(self, population):
        assert "needs a stochastic scheduler" in self.refused(population, superpose.make("scheduler", "ddim", steps=4))

    def test_a_rule_that_edits_states(self, population):
        assert "moved edits states or makes other steps: remove moved" in self.refused(
            population, constraints=[Moved()]
        )

    def test_what_does_not_fit(self, population, tmp_path):
        np.save(tmp_path / "other.npy", np.zeros((3, 4, 4), dtype=np.float32))
        glyphs = superpose.make("model", "glyphs")
        found = list(attrs.evolve(population, observed=tmp_path / "other.npy").problems(glyphs, ()))
        assert [problem.option for problem in found] == [("observed",)]
        [latents] = population.problems(superpose.make("model", "glyphs-ldm"), ())
        assert "paints latents" in str(latents)
