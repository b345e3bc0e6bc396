"""CFG++, beside the paper's algorithm, wherever a guidance may stand."""

import math

import pytest
import torch
from PIL import Image

from superpose import (
    Clipped,
    Estimate,
    Known,
    NoiseLevel,
    RecipeError,
    StaticClip,
    compose,
    composed,
    factorized,
    guided,
    inspect,
    invert,
    loads,
    make,
    prompted,
    reduced,
    sample,
    trajectory,
    viewed,
)
from superpose.estimate.lawful import check_law
from superpose.plugins import load_plugins
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor

RENOISING = sorted(kind for kind, cls in load_plugins().kinds("scheduler").items() if cls.renoises)
HERE, THERE = NoiseLevel(0, 500.0, 0.6, 0.8), NoiseLevel(1, 300.0, 0.8, 0.6)


def plus_plus(network, strength=0.6, prompts=("cat", "")):
    rule = make("guidance", "cfg-plus-plus", strength=strength)
    return rule.denoiser(network, *map(network.condition, prompts))


def noise(count=2):
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_it_is_the_algorithm_of_the_paper(strength):
    """Algorithm 2, in epsilon and in its own letters."""
    network, scheduler = TinyPredictor(), make("scheduler", "ddim", steps=6)
    run = trajectory(plus_plus(network, strength), scheduler, network, samples=2)
    state = run.start()
    x = state.x
    while state.step < run.steps:
        state = run.step(state)
    for here, there in zip(run.plan.levels, run.plan.levels[1:], strict=False):
        conditional, null = (
            (x - here.alpha * prompted(network, prompt)(x, here).clean) / here.sigma for prompt in ("cat", "")
        )
        guided_noise = null + strength * (conditional - null)
        x = there.alpha * (x - here.sigma * guided_noise) / here.alpha + there.sigma * null
    torch.testing.assert_close(state.x, x, atol=1e-4, rtol=1e-4)


def step(scheduler, denoiser, x, here=HERE, there=THERE):
    return scheduler.step(denoiser, x, here, there, scheduler.init(), lambda *_: noise(), jumped=False)[0]


def test_a_step_is_one_of_cfg_with_a_scale_of_its_own():
    network, x = TinyPredictor(), noise()
    scale = 0.6 * THERE.alpha * HERE.sigma / (THERE.alpha * HERE.sigma - HERE.alpha * THERE.sigma)
    cfg = guided(prompted(network, "cat"), prompted(network, ""), scale)
    ddim = make("scheduler", "ddim", steps=4)
    torch.testing.assert_close(step(ddim, plus_plus(network), x), step(ddim, cfg, x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", RENOISING)
def test_a_step_goes_on_from_the_image_with_the_noise_of_the_other(kind):
    """Of those that add no noise: the state is both, whatever the coordinates of the method are."""
    options = {"eta": 0.0} if kind == "euler-ancestral" else {}
    scheduler, x = make("scheduler", kind, steps=4, **options), noise()
    clean, other = noise() * 0.3, noise().flip(0)
    got = step(scheduler, lambda *_: Estimate(clean, renoise=other), x)
    want = THERE.alpha * clean + THERE.sigma * (x - HERE.alpha * other) / HERE.sigma
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)


def test_there_are_such_schedulers():
    assert {"ddim", "euler", "flow-euler", "euler-ancestral"} <= set(RENOISING)


def test_churn_adds_its_noise_to_that():
    scheduler, x = make("scheduler", "euler", steps=4, s_churn=1.0, s_tmin=0.1), noise()
    clean, other = noise() * 0.3, noise().flip(0)
    plan = scheduler.plan(TinyPredictor().schedule)
    here, there = plan.levels[1], plan.levels[2]
    got = step(scheduler, lambda *_: Estimate(clean, renoise=other), x, here, there)
    raised = here.ratio * 1.25
    fresh = math.sqrt(raised**2 - here.ratio**2) * noise()
    epsilon = (x - here.alpha * other) / here.sigma
    want = there.alpha * (clean + (here.ratio + there.ratio - raised) * epsilon + fresh)
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)


def test_it_keeps_the_laws_of_guidances():
    check_guidance(make("guidance", "cfg-plus-plus"), rows=2)


IDENTITY = make("view", "identity")


def mixes(one, other):
    """One denoiser in every place that a guidance may stand in, beside another."""
    return {
        "views": viewed([(IDENTITY, one), (make("view", "rotate"), other)]),
        "parts": factorized(make("decomposition", "hybrid"), [one, other]),
        "composition": composed([(one, 1.5), (other, -0.5)]),
        "kept variance": reduced(viewed([(IDENTITY, one), (make("view", "flip"), other)]), "keep-variance"),
    }


@pytest.mark.parametrize("place", mixes(Known(noise()), Known(noise())))
def test_inside_a_mix_both_images_are_mixed(place):
    """Where prompt and negative prompt are one, it is that prompt, and the mix is what it is without."""
    network, ddim = TinyPredictor(), make("scheduler", "ddim", steps=3)
    cat, dog = prompted(network, "cat"), prompted(network, "dog")
    got = mixes(plus_plus(network, prompts=("cat", "cat")), dog)[place]
    want = mixes(cat, dog)[place]
    check_law(got, (3, 8, 8), [HERE])
    assert got(noise(), HERE).renoise is not None
    torch.testing.assert_close(sample(got, ddim, network), sample(want, ddim, network), atol=1e-4, rtol=1e-4)


def test_views_turn_both_images():
    network, x, rotate = TinyPredictor(), noise(), make("view", "rotate", degrees=90)
    got = viewed([(rotate, plus_plus(network))])(x, HERE)
    want = plus_plus(network)(rotate.apply(x), HERE)
    torch.testing.assert_close(got.renoise, rotate.invert(want.renoise))
    assert (got.renoise - got.clean).abs().max() > 0.1


def test_both_images_are_clipped():
    network, x = TinyPredictor(), noise()
    got = Clipped(plus_plus(network), StaticClip(range=0.1))(x, HERE)
    assert got.clean.abs().max() <= 0.1
    assert got.renoise.abs().max() <= 0.1


def test_an_image_it_made_is_found_again():
    """Inversion goes up as sampling comes down."""
    network = TinyPredictor()
    denoiser, scheduler = plus_plus(network, 0.3), make("scheduler", "ddim", steps=50, final="first")
    run = trajectory(denoiser, scheduler, network)
    state = run.start()
    start = state.x
    while state.step < run.steps:
        state = run.step(state)
    found = invert(denoiser, state.x, run.plan, to_noise=False)
    plain = invert(guided(prompted(network, "cat"), prompted(network, ""), 0.3), state.x, run.plan, to_noise=False)
    assert (found - start).norm() < 0.3 * (plain - start).norm()


RECIPE = """
model = {{ kind = "glyphs" }}
scheduler = {{ {scheduler} }}
{rest}
"""


def recipe(scheduler='kind = "ddim", steps = 2', rest='prompt = "R"\nguidance = { kind = "cfg-plus-plus" }', **options):
    return loads(RECIPE.format(scheduler=scheduler, rest=rest), name="r.toml", **options)


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ('prompt = "R"\nguidance = { kind = "cfg-plus-plus" }', "r.toml:5:1: guidance"),
        (
            'prompt = "R"\nguidance = { kind = "rescale", base = { kind = "cfg-plus-plus" } }',
            "r.toml:5:1: guidance",
        ),
        (
            'view = [{kind = "flip", prompt = "R", guidance = { kind = "cfg-plus-plus" }}]',
            "r.toml:4:39: view.0.guidance",
        ),
    ],
)
def test_other_schedulers_are_refused_with_those_that_serve(rest, place):
    with pytest.raises(RecipeError) as caught:
        inspect(recipe('kind = "dpmpp", steps = 2', rest))
    said = str(caught.value)
    assert said.startswith(f"{place}: cfg-plus-plus needs a renoising scheduler, and dpmpp as set here is not: use one")
    assert "ddim" in said.rpartition(":")[2]
    assert "heun" not in said


def test_and_in_python():
    network = TinyPredictor()
    with pytest.raises(RecipeError, match="what is sampled needs a renoising scheduler, and heun as set here is not"):
        sample(plus_plus(network), make("scheduler", "heun", steps=3), network)


def test_it_runs_from_a_recipe_a_sample_of_many_being_the_sample_alone():
    composition = compose(recipe())
    many = composition.trajectory((0, 4)).run()
    assert torch.equal(composition.trajectory((4,)).run()[0], many[1])


def test_a_constraint_edits_both_images(tmp_path):
    """Of one prompt and the same negative one it is that prompt, under the constraint as well."""
    Image.new("RGB", (32, 32), (200, 90, 40)).save(tmp_path / "a.png")
    told = 'prompt = "R"\n{}\n[[constraint]]\nkind = "freeze"\nimage = "a.png"\ndecomposition = {{ kind = "colour" }}'
    own = 'negative = "R"\nguidance = { kind = "cfg-plus-plus" }'
    got, want = (compose(recipe(rest=told.format(how), folder=tmp_path)).trajectory((0,)).run() for how in (own, ""))
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)
