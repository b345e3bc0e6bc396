"""OR and AND of densities: mixtures and equal densities in closed form, and the authors' recorded runs."""

from itertools import pairwise

import attrs
import pytest
import torch

import superpose
from mixtures import AllAtOnce, mixture, network, total_variation
from recorded_posteriors import Case
from superpose import (
    LawError,
    Move,
    NoClip,
    NoiseLevel,
    Plan,
    RecipeError,
    State,
    TableSchedule,
    evaluate,
    inspect,
    loads,
    reduced,
    viewed,
)
from superpose.estimate.superposed import equal_shares, gained, mixed_shares
from superpose.running.assembly import assemble
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing.predictors import TinyPredictor
from superpose_gaussian.normal import Mixture, Normal
from superpose_gaussian.predictor import ExactPredictor

ONE, OTHER = mixture([1.0], [-1.2], [0.2]), mixture([0.6, 0.4], [1.0, 2.0], [0.1, 0.3])
NETWORKS = network(ONE), network(OTHER)
IDENTITY, NEGATE = superpose.make("view", "identity"), superpose.make("view", "negate")
DDPM = superpose.make("scheduler", "ddpm", steps=100)
FLOW = superpose.make("scheduler", "ddim", steps=100)


def both(kind, views=(IDENTITY, IDENTITY), weights=None, told=None, lifts=()):
    told = told or [superpose.prompted(one, "") for one in NETWORKS]
    return reduced(viewed(zip(views, told, strict=True), weights), kind, lifts=lifts)


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


def gaps(kind, scheduler=DDPM, lifts=(), count=256):
    """Log-ratios of the densities where samples end."""
    y = at_the_end(both(kind, lifts=lifts), count, scheduler)[:, None]
    return ONE.log_density(y) - OTHER.log_density(y)


@pytest.mark.parametrize("scheduler", [DDPM, FLOW])
@pytest.mark.parametrize("lift", [0.0, 1.5])
def test_and_ends_where_the_lift_says(scheduler, lift):
    off = gaps("superdiff-and", scheduler, (lift, 0.0)) - lift
    assert float(off.abs().quantile(0.95)) < 0.3


def test_which_a_mean_of_scores_does_not():
    assert float(gaps("mean").abs().median()) > 2
    assert float(gaps("mean", FLOW).abs().median()) > 2


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


class Maruyama(superpose.Scheduler):
    """The authors' step: twice Euler's along the flow, and the noise that makes up for it."""

    kind = "maruyama"

    def plan(self, schedule):
        raise NotImplementedError

    def move(self, here, there, *, says_variance=False):
        del says_variance
        short = here.sigma - there.sigma
        return Move(1 - 2 * short / here.sigma, 2 * short / here.sigma, (2 * short * here.sigma) ** 0.5)

    def step(self, denoise, x, here, there, state, noise, jumped):
        del jumped
        on_state, on_clean, fresh = self.move(here, there)
        return on_state * x + on_clean * denoise(x, here).clean + fresh * noise(), state


@attrs.frozen
class Given:
    """The noise of a recorded run: normal draws, or signs."""

    draws: torch.Tensor

    def draw(self, step, purpose="step", law="normal"):
        assert (purpose, law) == ("step", "normal") or (purpose, law) == ("divergence", "uniform")
        return self.draws[step] if law == "normal" else (self.draws[step] + 1) / 4


@pytest.mark.parametrize("name", ["and", "and_lift", "and_ode"])
def test_and_is_as_recorded(name, monkeypatch):
    """Whole trajectories, but for two things: the authors' steps with noise reverse the process to first order alone,

    and a lift is gained in equal parts, where all is noise too.
    """
    case = Case("sp_a_superdiff")
    told, flows = case.runs[name], name == "and_ode"
    if not flows:
        monkeypatch.setattr("superpose.sampling.loop.reverses", lambda *_: True)
        monkeypatch.setattr("superpose.estimate.superposed.lifted", lambda *_: 1 / told["steps"])
    eye, rest = torch.eye(6).double(), torch.tensor(1.0).double()
    normals = zip(case.given["mu"].double(), case.given["var"].double(), strict=True)
    images = Mixture(tuple(Normal(mean, eye, var, rest) for mean, var in normals), torch.ones(3).double() / 3)
    exact = ExactPredictor(images, ("obj", "bg", "base"), (1, 1, 6), TableSchedule.named("linear"), "cpu")
    obj, bg, base = (superpose.prompted(exact, prompt) for prompt in exact.prompts)
    guided = [superpose.guided(one, base, told["guidance_scale"]) for one in (obj, bg)]
    mixes = (viewed([(IDENTITY, one) for one in pair]) for pair in (guided, (obj, bg)))
    # A lift is taken off the first in the original.
    both = reduced(next(mixes), "superdiff-and", next(mixes), (0.0, told.get("lift", 0.0)))
    plan = Plan.of([NoiseLevel(0, 0.0, 1.0, sigma) for sigma in told["sigmas"]])
    noise = Given(case.given[f"{name}/signs" if flows else f"{name}/draws"])
    states = [State(0, case.given["x_T"] * told["sigmas"][0])]
    run = superpose.Trajectory(both, superpose.make("scheduler", "ddim") if flows else Maruyama(), plan, noise)
    case.agree(f"{name}/x", run.run(state=states[0], keep=states.append))
    if not flows:
        case.agree(f"{name}/x_steps", torch.stack([state.x for state in states[1:]]))
    shares = [torch.full((3,), 0.5)]
    for before, after, level in zip(states, states[1:], plan.levels, strict=False):
        one, other = (evaluate(each, before.x, level).clean.double() for each in guided)
        off = ((after.clean - other) * (one - other)).sum((1, 2, 3)) / (one - other).square().sum((1, 2, 3))
        shares.append(off.float())
    case.agree(f"{name}/kappa", torch.stack(shares))


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


def run_of(kind, scheduler, samples, **options):
    made = assemble(tiny(kind), superpose.make("scheduler", scheduler, steps=6), TINY, clip=NoClip(), batch_size=4)
    return attrs.evolve(made, seed=3, **options).trajectory(samples)


@pytest.mark.parametrize(
    ("kind", "scheduler"), [("superdiff-or", "ddpm"), ("superdiff-and", "ddpm"), ("superdiff-and", "euler")]
)
def test_a_sample_is_itself_among_others_and_after_a_stop(kind, scheduler, tmp_path):
    whole = run_of(kind, scheduler, (0, 1, 5)).run()
    assert torch.equal(run_of(kind, scheduler, (1,)).run()[0], whole[1])
    run = run_of(kind, scheduler, (0, 1, 5))
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

    def test_a_lift_of_what_is_not_kept_equal(self):
        with pytest.raises(LawError, match="leave them out, or use it"):
            both("superdiff-or", lifts=(1.0, 0.0))
        text = RECIPE.format(more="", tables=STEPS.format("ddpm"), second='prompt = "V"\nlift = 2.0')
        with pytest.raises(
            RecipeError, match='lift is of densities that are kept equal: write reduction = "superdiff-and"'
        ):
            loads(text)

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
