"""OR and AND of densities: mixtures and equal densities in closed form, and the authors' recorded runs."""

from itertools import pairwise

import attrs
import pytest
import torch

import superpose
from mixtures import AllAtOnce, mixture, network, total_variation
from recorded_posteriors import Case
from superpose import LawError, NoClip, RecipeError, inspect, loads, reduced, viewed
from superpose.estimate.superposed import equal_shares, gained, mixed_shares
from superpose.running.assembly import assemble
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing.predictors import TinyPredictor

ONE, OTHER = mixture([1.0], [-1.2], [0.2]), mixture([0.6, 0.4], [1.0, 2.0], [0.1, 0.3])
NETWORKS = network(ONE), network(OTHER)
IDENTITY, NEGATE = superpose.make("view", "identity"), superpose.make("view", "negate")
DDPM = superpose.make("scheduler", "ddpm", steps=100)


def both(kind, views=(IDENTITY, IDENTITY), weights=None, told=None):
    told = told or [superpose.prompted(one, "") for one in NETWORKS]
    return reduced(viewed(zip(views, told, strict=True), weights), kind)


def at_the_end(denoiser, count, scheduler=DDPM):
    made = assemble(denoiser, scheduler, NETWORKS[0], clip=NoClip())
    run = made.run(AllAtOnce(0, count), None)
    return run.run().flatten().double()


def of_mixture(weights, sign=1):
    def log_density(y):
        found = [ONE.log_density(y[:, None]), OTHER.log_density(sign * y[:, None])]
        return torch.stack([one + torch.tensor(w).log() for one, w in zip(found, weights, strict=True)]).logsumexp(0)

    return log_density


@pytest.mark.parametrize(("views", "weights"), [((IDENTITY, IDENTITY), [0.3, 0.7]), ((IDENTITY, NEGATE), [0.5, 0.5])])
def test_or_is_the_mixture_by_weight(views, weights):
    sign = -1 if views[1] is NEGATE else 1
    found = at_the_end(both("superdiff-or", views, weights), 4096)
    assert total_variation(found, torch.ones(4096), of_mixture(weights, sign)) < 0.04


def test_which_a_mean_of_scores_is_not():
    found = at_the_end(both("mean", weights=[0.3, 0.7]), 4096)
    assert total_variation(found, torch.ones(4096), of_mixture([0.3, 0.7])) > 0.5


def gaps(kind, count=256):
    y = at_the_end(both(kind), count)[:, None]
    return (ONE.log_density(y) - OTHER.log_density(y)).abs()


def test_and_ends_where_both_are_equally_likely():
    assert float(gaps("superdiff-and").quantile(0.95)) < 0.3
    assert float(gaps("mean").median()) > 2


def test_equal_subjects_are_one():
    same = [superpose.prompted(NETWORKS[0], "")] * 2
    alone = at_the_end(same[0], 8)
    for kind in ("superdiff-or", "superdiff-and"):
        torch.testing.assert_close(at_the_end(both(kind, told=same), 8), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_shares_of_and_make_the_step_equally_likely_for_all(count):
    torch.manual_seed(count)
    plain, base, noise = torch.randn(3, count, 2, 4, 4), torch.randn(3, 1, 2, 4, 4), torch.randn(3, 2, 4, 4)
    guided = base + 2.5 * (plain - base)
    shares = equal_shares(plain, guided, noise)
    torch.testing.assert_close(shares.sum(1), torch.ones(3).double())
    clean = (shares[:, :, None, None, None] * guided).sum(1)
    off = (clean[:, None] + noise[:, None] - plain).square().sum((2, 3, 4))
    torch.testing.assert_close(off, off[:, :1].expand_as(off), atol=1e-8, rtol=1e-8)
    same = equal_shares(plain[:, :1].expand_as(plain), guided[:, :1].expand_as(plain), noise)
    torch.testing.assert_close(same, torch.full_like(same, 1 / count))
    assert torch.equal(equal_shares(plain[1:2], guided[1:2], noise[1:2])[0], shares[1])


class Recorded:
    """The authors' loop, whose shares and densities are ours."""

    def __init__(self, name):
        self.case = Case("sp_a_superdiff")
        self.name, self.run = name, self.case.runs[name]
        self.means, self.variances = self.case.given["mu"], self.case.given["var"]

    def noises(self, x, sigma):
        return [sigma * (x - mean) / (var + sigma**2) for mean, var in zip(self.means, self.variances, strict=True)]

    def follow(self, shares, gain):
        """The states, shares of the first and log-ratios of the densities; by what is told of each step."""
        levels = self.run["sigmas"]
        x, scale = self.case.given["x_T"] * levels[0], self.run["guidance_scale"]
        log_densities, found = torch.zeros(3, 2).double(), []
        for (sigma, after), draw in zip(pairwise(levels), self.case.given[f"{self.name}/draws"], strict=True):
            *noises, base = self.noises(x, sigma)
            plain = torch.stack([x - sigma * noise for noise in noises], 1)
            guided = torch.stack([x - sigma * (base + scale * (noise - base)) for noise in noises], 1)
            on_clean, variance = 2 * (sigma - after) / sigma, 2 * (sigma - after) * sigma
            k = shares(log_densities, plain, guided, draw * variance**0.5 / on_clean)
            clean = (k.float()[:, :, None, None, None] * guided).sum(1)
            means = (1 - on_clean) * x[:, None] + on_clean * plain
            x = (1 - on_clean) * x + on_clean * clean + variance**0.5 * draw
            log_densities = log_densities + gained(x, means, torch.full((3,), variance))
            log_densities = log_densities + gain(noises, sigma, after)
            found.append((x, k[:, 0].float(), log_densities[:, 0] - log_densities[:, 1]))
        return [torch.stack(each) for each in zip(*found, strict=True)]

    def agree(self, shares, gain=lambda *_: 0.0):
        states, first, ratio = self.follow(shares, gain)
        self.case.agree(f"{self.name}/x_steps", states)
        self.case.agree(f"{self.name}/x", states[-1])
        wanted = self.case.wanted
        if f"{self.name}/kappa" in wanted:
            self.case.agree(f"{self.name}/kappa", torch.cat((torch.full((1, 3), 0.5), first)))
        want = wanted[f"{self.name}/ll_obj"] - wanted[f"{self.name}/ll_bg"]
        torch.testing.assert_close(ratio.float(), (want - want[:1])[1:], atol=1e-3, rtol=1e-4)


def test_densities_of_a_mean_are_as_recorded():
    def halves(log_densities, *_):
        return torch.full_like(log_densities, 0.5)

    run = Recorded("avg")
    first = run.case.wanted["avg/ll_obj"][0] - run.case.wanted["avg/ll_bg"][0]
    assert first.shape == (3,)
    run.agree(halves)


def test_and_is_as_recorded():
    Recorded("and").agree(lambda _, plain, guided, noise: equal_shares(plain, guided, noise))


@pytest.mark.parametrize("name", ["or", "or_temp"])
def test_or_is_as_recorded_but_for_the_sign_of_a_square(name):
    r"""The authors' estimator is :math:`-\tfrac{g^2}{2} \|\nabla \log q\|^2`; their OR adds it."""
    run = Recorded(name)
    weights = (torch.tensor(run.run["logp"]).exp().item(), 1.0)

    def their_sign(noises, sigma, after):
        squares = torch.stack([noise.double().square().sum((1, 2, 3)) for noise in noises], 1)
        return 2 * (sigma - after) / sigma * squares

    run.agree(lambda said, *_: mixed_shares(said, weights, run.run["T"]), their_sign)


TINY = TinyPredictor((3, 8, 8))


def tiny(kind, views=("identity", "flip")):
    told = [superpose.prompted(TINY, prompt) for prompt in ("cat", "dog")]
    return reduced(viewed(zip([superpose.make("view", view) for view in views], told, strict=True)), kind)


def run_of(kind, samples, **options):
    made = assemble(tiny(kind), superpose.make("scheduler", "ddpm", steps=6), TINY, clip=NoClip(), batch_size=4)
    return attrs.evolve(made, seed=3, **options).trajectory(samples)


@pytest.mark.parametrize("kind", ["superdiff-or", "superdiff-and"])
def test_a_sample_is_itself_among_others_and_after_a_stop(kind, tmp_path):
    whole = run_of(kind, (0, 1, 5)).run()
    assert torch.equal(run_of(kind, (1,)).run()[0], whole[1])
    run = run_of(kind, (0, 1, 5))
    state = run.start()
    for _ in range(3):
        state = run.step(state)
    save_state(state, tmp_path / "state")
    loaded, _ = load_state(tmp_path / "state", run.scheduler)
    assert torch.equal(run.run(state=loaded), whole)


class TestWhatIsRefused:
    def test_what_has_no_density(self):
        mixed = superpose.guided(superpose.prompted(TINY, "cat"), superpose.prompted(TINY, "dog"), 2.0)
        pairs = [(IDENTITY, mixed), (IDENTITY, superpose.prompted(TINY, "cat"))]
        with pytest.raises(LawError, match=r"shows what has none \(guidance\): let it show one prompt"):
            reduced(viewed(pairs), "superdiff-or")
        either = [(IDENTITY, tiny("superdiff-or")), pairs[1]]
        assert reduced(viewed(either), "superdiff-or").kind == "superdiff-or"

    def test_and_has_no_weights(self):
        with pytest.raises(LawError, match="keeps densities equal and has no weights: leave them out"):
            both("superdiff-and", weights=[0.3, 0.7])

    @pytest.mark.parametrize(("kind", "options"), [("ddim", {}), ("heun", {}), ("ddpm", {"variance": "fixed_large"})])
    def test_a_run_by_other_steps(self, kind, options):
        with pytest.raises(RecipeError, match="reads densities off steps that reverse the process"):
            superpose.trajectory(
                tiny("superdiff-or"), superpose.make("scheduler", kind, steps=4, **options), TINY
            ).run()

    def test_a_constraint_that_edits_the_state(self):
        with pytest.raises(RecipeError, match="goes by the steps that have led to a state, and moved edits them"):
            superpose.trajectory(tiny("superdiff-or"), DDPM, TINY, constraints=[Moved()])

    def test_and_inside_something_or_clipped(self):
        inside = viewed([(IDENTITY, tiny("superdiff-and")), (IDENTITY, superpose.prompted(TINY, "cat"))])
        with pytest.raises(RecipeError, match="say it outermost, with no constraint"):
            superpose.trajectory(inside, DDPM, TINY).run()


class Moved(superpose.Rule):
    """Moves the state."""

    kind = "moved"

    def after(self, x, there, noise):
        return superpose.Edit(x * 0.9)


RECIPE = """{more}
[model]
kind = "glyphs"
{tables}
[[view]]
kind = "identity"
prompt = "A"
[[view]]
kind = "rotate"
{second}
"""
STEPS = '[scheduler]\nkind = "{}"\nsteps = 4\n'
CFG = '[guidance]\nkind = "cfg"\n'


@pytest.mark.parametrize(
    ("kind", "tables", "second", "told"),
    [
        ("superdiff-or", STEPS.format("ddim"), 'prompt = "V"', "reads densities off steps that reverse the process"),
        ("superdiff-and", STEPS.format("ddpm"), 'prompt = "V"', 'write [clip] kind = "none"'),
        ("superdiff-or", STEPS.format("ddpm"), 'compose = {and = ["V", "W"]}', "shows what has none (composition)"),
    ],
)
def test_check_refuses_it_with_the_cure(kind, tables, second, told):
    with pytest.raises(RecipeError) as error:
        inspect(loads(RECIPE.format(more=f'reduction = "{kind}"', tables=tables + CFG, second=second)))
    assert told in str(error.value)


def test_densities_ask_nothing_that_guidance_does_not():
    text = RECIPE.format(more='reduction = "superdiff-or"', tables=STEPS.format("ddpm") + CFG, second='prompt = "V"')
    mean = text.replace('reduction = "superdiff-or"', "")
    assert inspect(loads(text)).rows == inspect(loads(mean)).rows == 4
