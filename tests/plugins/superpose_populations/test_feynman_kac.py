"""Feynman-Kac correctors against densities that are known: mixtures of normal distributions of one number."""

import math

import attrs
import pytest
import torch

import superpose
from mixtures import mixture, network, swarm_at_the_end, total_variation
from superpose import Context, Estimate, LawError, NoiseLevel, RecipeError, Transition
from superpose.recipe import loads
from superpose.recipe.mistakes import MistakesError
from superpose.running.assembly import assemble
from superpose.running.inspection import inspect
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing.predictors import TinyPredictor
from superpose_populations.feynman_kac import Corrector, FeynmanKac

SEEDS = (0, 1)
STEPS = 400


@attrs.frozen
class Problem:
    """What is sampled, and the logarithm of the density that it means, of numbers (N,)."""

    network: object
    denoiser: object
    log_density: object


def log_of(mixed):
    return lambda y: mixed.log_density(y[:, None])


def both_ways(denoiser):
    return superpose.viewed([(superpose.make("view", kind), denoiser) for kind in ("identity", "negate")])


def mean_of_both(log_density):
    return lambda y: (log_density(y) + log_density(-y)) / 2


SEEN = mixture([0.37, 0.63], [0.1, -2.0], [0.19, 0.11])
TOWARDS, AWAY = mixture([0.5, 0.5], [-1.3, 1.1], [0.36, 0.48]), mixture([0.77, 0.23], [0.5, 0.8], [1.25, 1.05])
ONE, OTHER = network(TOWARDS), network(AWAY)
PLAIN = superpose.prompted(network(SEEN), "")
#: Two views of one mixture: the number, and its negative. A plain mean of scores is far off.
VIEWS = Problem(PLAIN.predictor, both_ways(PLAIN), mean_of_both(log_of(SEEN)))
#: One mixture guided away from another, with scale 3.
CFG = Problem(
    ONE,
    superpose.guided(superpose.prompted(ONE, ""), superpose.prompted(OTHER, ""), 3.0),
    lambda y: 3 * log_of(TOWARDS)(y) - 2 * log_of(AWAY)(y),
)


def distance(problem, seed, scale=1.0, scheduler="ddpm", **options):
    made = superpose.make("scheduler", scheduler, steps=STEPS, **options)
    values, weights, _ = swarm_at_the_end(
        problem.denoiser, made, problem.network, FeynmanKac(size=4096, scale=scale), seed
    )
    return total_variation(values, weights, problem.log_density)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_views_are_their_geometric_mean(seed):
    assert distance(VIEWS, seed) < 0.02


@pytest.mark.parametrize("seed", SEEDS)
def test_guidance_is_the_tempered_density(seed):
    assert distance(CFG, seed) < 0.06


@pytest.mark.parametrize("problem", [VIEWS, CFG])
def test_which_they_are_not_without_weights(problem):
    assert distance(problem, 0, scale=0.0) > 0.2


@pytest.mark.parametrize(("scheduler", "options"), [("ddim", {"eta": 0.5}), ("dpmpp-sde", {})])
def test_weights_are_the_same_whatever_the_noise_of_a_step(scheduler, options):
    assert distance(VIEWS, 0, scheduler=scheduler, **options) < 0.02


def test_views_of_guidance_are_a_product_of_four():
    """Dispersions of what is inside count: the mean of two guided views."""
    both = Problem(ONE, both_ways(CFG.denoiser), mean_of_both(CFG.log_density))
    assert distance(both, 0) < 0.04


def test_guidance_that_stops_is_what_it_was_denoised_further():
    """Where it stops near the end, the noise that is left is small against what the density is made of."""
    until = superpose.make("guidance", "interval", base=superpose.make("guidance", "cfg"), sigma_low=0.05)
    stopped = attrs.evolve(until.denoiser(ONE, *[ONE.condition("")] * 2), inside=CFG.denoiser)
    assert distance(attrs.evolve(CFG, denoiser=stopped), 0) < 0.06


def test_equal_branches_weigh_nothing():
    equal = superpose.viewed([(superpose.make("view", "identity"), PLAIN)] * 2)
    made = superpose.make("scheduler", "ddpm", steps=20)
    _, _, particles = swarm_at_the_end(equal, made, VIEWS.network, FeynmanKac(size=16), 0)
    assert not particles.log_weights.any()
    assert particles.sizes.flatten().tolist() == [16] * 20


def test_one_step_weighs_by_what_it_lowers_the_noise():
    here, there = NoiseLevel(0, 2.0, 0.6, 0.8), NoiseLevel(1, 1.0, 0.8, 0.6)
    clean = NoiseLevel(2, -1.0, 1.0, 0.0)
    states, dispersion = torch.zeros(3, 1, 1, 1), torch.tensor([0.0, 2.0, -4.0]).double()
    made = Transition(0, 2, here, there, states, states, Estimate(states, dispersion=dispersion))
    added, memory = Corrector(0.5).weigh(made, ())
    gained = (0.8 / 0.6) ** 2 - (0.6 / 0.8) ** 2
    assert memory == ()
    torch.testing.assert_close(added, -dispersion * gained / 4)
    last = attrs.evolve(made, there=clean)
    assert not Corrector().weigh(last, ())[0].any()
    alone = attrs.evolve(made, estimate=Estimate(states))
    assert not Corrector().weigh(alone, ())[0].any()


def test_of_branches_that_are_sure_one_step_is_weighed_exactly():
    r"""There the weight is that of :math:`\prod_i p_i(x_s | x_t)^{b_i}` against the step that was made."""
    here, there = NoiseLevel(0, 2.0, 0.6, 0.8), NoiseLevel(1, 1.0, 0.8, 0.6)
    images, shares, x = [0.3, -1.0, 0.9], [0.5, 0.9, -0.4], 0.25
    mean_clean = sum(share * image for share, image in zip(shares, images, strict=True))
    on_x, on_clean, fresh = superpose.ancestral(here, there, 1.0)
    for reached in (-0.7, 0.4):

        def log_step(clean, reached=reached):
            return -((reached - on_x * x - on_clean * clean) ** 2) / (2 * fresh**2)

        ratio = sum(b * log_step(image) for b, image in zip(shares, images, strict=True)) - log_step(mean_clean)
        dispersion = sum(b * (image - mean_clean) ** 2 for b, image in zip(shares, images, strict=True))
        state = torch.full((1, 1, 1, 1), reached)
        estimate = Estimate(state, dispersion=torch.tensor([dispersion], dtype=torch.float64))
        added, _ = Corrector().weigh(Transition(0, 2, here, there, state, state, estimate), ())
        assert math.isclose(float(added), ratio, rel_tol=1e-9)


NETWORK = TinyPredictor((3, 8, 8))
CAT = superpose.prompted(NETWORK, "cat")
GUIDED = superpose.guided(CAT, superpose.prompted(NETWORK, ""), 3.0)
SCHEDULER = superpose.make("scheduler", "ddpm", steps=6)


def images(population, samples=(0, 5), denoiser=GUIDED):
    made = assemble(denoiser, SCHEDULER, NETWORK, seed=3, batch_size=4).carrying(population, Context.of(NETWORK))
    return made.trajectory(samples)


def test_a_population_of_one_is_none():
    assert torch.equal(images(FeynmanKac(size=1)).run(), images(None).run())


def test_a_sample_alone_is_that_among_others_and_its_winner_runs_alone():
    run = images(FeynmanKac(size=4, resample=1.0, scale=0.05), (0, 1, 5))
    state = run.start()
    while state.step < run.steps:
        state = run.step(state)
    several = run.finish(state)
    for i, sample in enumerate((0, 1, 5)):
        assert torch.equal(images(FeynmanKac(size=4, resample=1.0, scale=0.05), (sample,)).run()[0], several[i])
    lineages = run.swarm.lineages(state.particles)
    assert any(len(lineage) > 1 for lineage in lineages)
    made = assemble(GUIDED, SCHEDULER, NETWORK, seed=3, batch_size=4)
    assert torch.equal(made.trajectory((0, 1, 5), lineages=lineages).run(), several)


@pytest.mark.parametrize("stopped", [1, 3, 5])
def test_a_run_that_is_stopped_in_mid_swarm_goes_on_as_if_it_had_not_been(stopped, tmp_path):
    run = images(FeynmanKac(size=4, resample=1.0, scale=0.05), (0, 5))
    state = run.start()
    for _ in range(stopped):
        state = run.step(state)
    save_state(state, tmp_path / "state")
    loaded, _ = load_state(tmp_path / "state", run.scheduler)
    while state.step < run.steps:
        state, loaded = run.step(state), run.step(loaded)
    assert torch.equal(loaded.particles.ancestors, state.particles.ancestors)
    assert torch.equal(loaded.particles.log_weights, state.particles.log_weights)
    assert torch.equal(run.finish(loaded), run.finish(state))


class TestWhatHasNoDensity:
    def refused(self, denoiser, **options):
        with pytest.raises((LawError, RecipeError)) as error:
            superpose.trajectory(denoiser, SCHEDULER, NETWORK, population=FeynmanKac(), **options)
        return str(error.value)

    def test_parts_of_an_image(self):
        parts = superpose.factorized(superpose.make("decomposition", "hybrid"), [CAT, CAT])
        told = self.refused(parts)
        assert told == (
            "feynman-kac weighs by the densities that an image is drawn from, and decomposition 'hybrid' is no product "
            "of densities: part 'low' says what a part of the image is, and not how likely the whole: mix whole images "
            "by fixed weights that sum to 1, or use another population"
        )

    @pytest.mark.parametrize("kind", ["apg", "rescale", "cfg-zero"])
    def test_guidance_that_depends_on_images(self, kind):
        base = {"base": superpose.make("guidance", "cfg")} if kind == "rescale" else {}
        guidance = superpose.make("guidance", kind, **base)
        denoiser = guidance.denoiser(NETWORK, NETWORK.condition("cat"), NETWORK.condition(""))
        assert "is no product of densities" in self.refused(denoiser)

    @pytest.mark.parametrize("options", [{"sigma_high": 2.0}, {"start": 0.2}])
    def test_guidance_that_begins_on_the_way(self, options):
        guidance = superpose.make("guidance", "interval", base=superpose.make("guidance", "cfg"), **options)
        denoiser = guidance.denoiser(NETWORK, NETWORK.condition("cat"), NETWORK.condition(""))
        assert "changes the density it draws from (leave out sigma_high and start)" in self.refused(denoiser)

    def test_a_constraint_that_moves_the_image(self):
        told = self.refused(CAT, constraints=[Moved()])
        assert told.endswith("would move them away: remove moved, or use another population")

    def test_a_scheduler_without_noise(self):
        with pytest.raises(RecipeError, match="feynman-kac needs a stochastic scheduler"):
            superpose.trajectory(CAT, superpose.make("scheduler", "ddim"), NETWORK, population=FeynmanKac())


class Moved(superpose.Rule):
    """Moves the clean image."""

    kind = "moved"

    def on_clean(self, clean, here):
        return superpose.Edit(clean * 0.9)


RECIPE = """{subject}

[model]
kind = "glyphs"

[scheduler]
kind = "ddpm"
steps = 8

[population]
kind = "feynman-kac"
size = 4
"""


@pytest.mark.parametrize(
    ("subject", "line", "told"),
    [
        ('prompt = "A"\n[guidance]\nkind = "apg"', 2, "guidance: feynman-kac weighs by the densities"),
        (
            '[decomposition]\nkind = "hybrid"\nlow = { prompt = "A" }\nhigh = { prompt = "B" }',
            3,
            "decomposition.low: feynman-kac weighs by the densities",
        ),
    ],
)
def test_check_says_where_there_is_none(subject, line, told):
    with pytest.raises(MistakesError) as error:
        inspect(loads(RECIPE.format(subject=subject)))
    assert f":{line}:" in str(error.value)
    assert told in str(error.value)
