"""Canvases that look at one picture: equal to the mean of views where looks are views, and laws everywhere else."""

import attrs
import pytest
import torch

from problems import told
from superpose import Canvas, MistakesError, Rule, compose, evaluate, inspect, loads, make, prompted, trajectory, viewed
from superpose.estimate.on_canvas import OnCanvas
from superpose.testing import check_constraint
from superpose.testing.predictors import TinyPredictor

LOOKS = [{"turn": 0.0}, {"turn": 135.0}]
RECIPE = """
model = {kind = 'glyphs'}
scheduler = {kind = 'ddim', steps = 4}
canvas = {count = 2}
view = [{kind = 'canvas', number = 0, prompt = 'O'}, {kind = 'canvas', number = 1, prompt = 'A'}]
constraint = [{kind = 'looking-glass', looks = [{}, {turn = 135}], travel = [0.2, 0.8]}]
run = {samples = 2, threads = 1}
"""


def glass(**options):
    from superpose_constraints.looking_glass import LookingGlass
    from superpose_constraints.looks import Look

    looks = tuple(Look(**look) for look in options.pop("looks", LOOKS))
    return LookingGlass(looks=looks, **options)


def test_it_keeps_the_laws():
    for options in ({}, {"travel": (0.2, 0.8), "alone": 0.3}, {"looks": [{}, {"mirror": True}, {"tilt": 50.0}]}):
        count = len(options.get("looks", LOOKS))
        check_constraint(glass(**options), Canvas((3, 8 * count, 8)))


class Repeated:
    """Noise of a sample, and again turned upside down."""

    def draw(self, step, purpose="step", law="normal"):
        one = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(step + 7))
        return torch.cat((one, one.flip((-2, -1))), -2)


class Half(Repeated):
    def draw(self, step, purpose="step", law="normal"):
        return super().draw(step).chunk(2, -2)[0]


class Rederived(Rule):
    """Edits clean images as another rule does, and has noise read off what comes of it."""

    kind = "rederived"

    def __init__(self, rule):
        self.rule = rule

    def on_clean(self, clean, here):
        return self.rule.on_clean(clean, here)


def begun(constraint, noise, scheduler="ddim"):
    """A run of two canvases, a and b, of one look and one upside down."""
    network = TinyPredictor()
    parts = [make("view", "canvas", number=i).windows((3, 16, 8))[0] for i in (0, 1)]
    both = viewed([(part, prompted(network, name)) for part, name in zip(parts, "ab", strict=True)])
    canvas = OnCanvas(network, (3, 16, 8), 2)
    made = trajectory(both, make("scheduler", scheduler, steps=6), canvas, samples=2, constraints=[constraint])
    return attrs.evolve(made, noise=noise)


def test_where_looks_are_views_and_noise_is_read_again_it_is_the_mean_of_views_on_one_canvas():
    network = TinyPredictor()
    mix = viewed([(make("view", kind), prompted(network, name)) for kind, name in (("identity", "a"), ("rotate", "b"))])
    one = attrs.evolve(trajectory(mix, make("scheduler", "ddim", steps=6), network, samples=2), noise=Half())
    rule = glass(looks=[{}, {"turn": 180.0}]).bind(Canvas((3, 16, 8)))
    plain, canvases = one.run(), begun(Rederived(rule), Repeated()).run()
    torch.testing.assert_close(canvases[..., :8, :], plain, rtol=0, atol=1e-4)
    torch.testing.assert_close(canvases[..., 8:, :], plain.flip((-2, -1)), rtol=0, atol=1e-4)


def test_a_step_keeps_the_noise_that_each_network_read():
    """SyncTweedies' second case, in its closed form."""
    run, network = begun(glass(looks=[{}, {"turn": 180.0}]), Repeated()), TinyPredictor()
    state = run.start()
    here, there = run.plan.levels[:2]
    x = state.x.chunk(2, -2)
    own = [evaluate(prompted(network, name), part.contiguous(), here).clean for part, name in zip(x, "ab", strict=True)]
    agreed = (own[0] + own[1].flip((-2, -1))) / 2
    for part, clean, seen, found in zip(
        x, own, (agreed, agreed.flip((-2, -1))), run.step(state).x.chunk(2, -2), strict=True
    ):
        noise = (part - here.alpha * clean) / here.sigma
        torch.testing.assert_close(found, there.alpha * seen + there.sigma * noise, rtol=1e-4, atol=1e-4)


def test_the_second_canvas_ends_as_the_first_is_seen_and_samples_are_apart():
    composition = compose(loads(RECIPE))
    both = composition.trajectory([0, 1]).run()
    assert torch.equal(composition.trajectory([1]).run()[0], both[1])
    from superpose_constraints.looks import Look, Seen, looked

    seen = Seen.of(Look(turn=135.0), 32, 32)
    for sample in both:
        first, second = (canvas.flatten(1).T for canvas in sample.chunk(2, -2))
        torch.testing.assert_close(looked(seen, first, second), second, rtol=0, atol=0.05)


def test_steps_between_the_shares_are_made_twice_and_the_last_are_of_the_first_canvas():
    plan = make("scheduler", "ddim", steps=10).plan(TinyPredictor().schedule)
    rule = glass(travel=(0.2, 0.8), alone=0.25).bind(Canvas((3, 16, 8)))
    travelled = rule.plan(plan)
    assert travelled.steps == 10 + 2 * 6
    assert sum(travelled.climbs(step) for step in range(travelled.steps)) == 6
    late = rule.along(plan)
    clean = torch.randn(1, 3, 16, 8, generator=torch.Generator().manual_seed(0))
    kept = late.on_clean(clean, plan.levels[9]).value
    torch.testing.assert_close(kept[..., :8, :], clean[..., :8, :])
    assert not torch.allclose(late.on_clean(clean, plan.levels[2]).value[..., :8, :], clean[..., :8, :], atol=0.1)


def test_what_does_not_fit_is_refused():
    assert "has 2 looks, and 9 rows are not a canvas for each" in told(glass(), Canvas((3, 9, 8)))
    assert "write [0.2, 0.8]" in told(glass(travel=(0.8, 0.2)), Canvas((3, 16, 8)))
    with pytest.raises(MistakesError, match="needs a renoising scheduler"):
        inspect(loads(RECIPE.replace("'ddim', steps = 4", "'dpmpp', steps = 4")))
