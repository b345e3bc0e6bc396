"""How several views become one image."""

import pytest
import torch

from superpose import (
    Known,
    LawError,
    NoiseLevel,
    Prompted,
    RecipeError,
    RunError,
    compose,
    inspect,
    loads,
    make,
    reduced,
    trajectory,
    viewed,
)
from superpose.estimate.lawful import check_law
from superpose.testing.predictors import TinyPredictor

TEXT = """
    reduction = "{reduction}"
    model = {{ kind = "glyphs" }}
    [scheduler]
    kind = "{scheduler}"
    steps = 4
    [[view]]
    kind = "identity"
    prompt = "V"
    [[view]]
    kind = "rotate"
    prompt = "W"
    {more}
"""


def recipe(reduction="alternate", scheduler="ddim", more=""):
    return loads(TEXT.format(reduction=reduction, scheduler=scheduler, more=more))


def views(network, weights=None, prompts=("cat", "dog")):
    told = [Prompted(network, network.condition(prompt)) for prompt in prompts]
    return viewed(zip((make("view", "identity"), make("view", "flip")), told, strict=True), weights)


def levels(network, steps=4):
    plan = make("scheduler", "ddim", steps=steps).plan(network.schedule)
    return [plan.asked(step) for step in range(steps)]


def noise(seed=0, count=2):
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_views_take_turns_step_by_step():
    network, x = TinyPredictor(), noise()
    mix = views(network)
    turns = reduced(mix, "alternate")
    network.blocks.clear()
    for step, level in enumerate(levels(network)):
        term = mix.terms[step % 2]
        want = term.after(term.denoiser(term.before(x), level).clean)
        network.blocks.clear()
        assert torch.equal(turns(x, level).clean, want)
        assert network.blocks == [2]


def test_turns_are_taken_in_steps_of_a_run():
    with pytest.raises(RunError, match=r"ask at plan\.asked"):
        reduced(views(TinyPredictor()), "alternate")(noise(), NoiseLevel(0, 500.0, 0.6, 0.8))


def test_the_mean_is_the_mix_itself():
    mix = views(TinyPredictor())
    assert reduced(mix, "mean") is mix
    with pytest.raises(RecipeError, match="unknown reduction 'sum'; known: mean, alternate, keep-variance"):
        reduced(mix, "sum")


@pytest.mark.parametrize("weights", [None, (0.3, 0.7)])
def test_the_noise_is_as_long_as_those_of_the_views(weights):
    network, x = TinyPredictor(), noise()
    mix = views(network, weights)
    for level in levels(network):
        got = reduced(mix, "keep-variance")(x, level).clean
        parts = [term.after(term.denoiser(term.before(x), level).clean) for term in mix.terms]
        for i in range(len(x)):
            eps = [(x[i] - level.alpha * part[i]) / level.sigma for part in parts]
            a, b = weights or (0.5, 0.5)
            mean = a * eps[0] + b * eps[1]
            c = ((a * eps[0].square() + b * eps[1].square()).mean() / mean.square().mean()).sqrt()
            want = (x[i] - level.sigma * c * mean) / level.alpha
            torch.testing.assert_close(got[i], want, atol=2e-4, rtol=1e-4)


def test_independent_noises_have_unit_variance_again():
    """Where the mean of two has half of it."""

    network = TinyPredictor((3, 32, 32))
    level = levels(network)[1]
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(9))
    images = [torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(k)) for k in (1, 2)]
    known = [Known((x[0] - level.sigma * image) / level.alpha) for image in images]
    pairs = list(zip((make("view", "identity"), make("view", "identity")), known, strict=True))
    for reduction, variance in (("mean", 0.5), ("keep-variance", 1.0)):
        clean = reduced(viewed(pairs), reduction)(x, level).clean
        eps = (x - level.alpha * clean) / level.sigma
        assert float(eps.square().mean()) == pytest.approx(variance, abs=0.05)


@pytest.mark.parametrize("reduction", ["alternate", "keep-variance"])
def test_they_are_lawful_and_keep_samples_apart(reduction):
    network = TinyPredictor()
    denoiser = reduced(views(network), reduction)
    check_law(denoiser, network.shape, levels(network))
    scheduler = make("scheduler", "ddim", steps=4)
    many = trajectory(denoiser, scheduler, network, samples=3, batch_size=2).run()
    assert torch.equal(trajectory(denoiser, scheduler, network, samples=(2,), batch_size=2).run()[0], many[2])


@pytest.mark.parametrize("reduction", ["alternate", "keep-variance"])
def test_equal_views_of_one_prompt_are_the_plain_run(reduction):
    network = TinyPredictor()
    told = Prompted(network, network.condition("cat"))
    same = viewed([(make("view", "identity"), told)] * 2)
    for level in levels(network):
        torch.testing.assert_close(
            reduced(same, reduction)(noise(), level).clean,
            told(noise(), level).clean,
            atol=1e-4,
            rtol=1e-4,
        )


def test_recipes_say_it_and_rows_are_counted():
    assert inspect(recipe()).total == 4
    assert inspect(recipe("mean")).total == 8
    assert compose(recipe("keep-variance")).trajectory((0,)).run().isfinite().all()


def test_what_takes_no_turns_is_refused():
    with pytest.raises(RecipeError, match=r"reduction: lms as set here goes by the steps before"):
        inspect(recipe(scheduler="lms"))
    with pytest.raises(RecipeError, match="views that take turns have no weights"):
        recipe(more="weight = 2.0")
    with pytest.raises(RecipeError, match=r"expected .*'mean'.*got 'sum'"):
        recipe("sum")
    with pytest.raises(RecipeError, match="reduction says how views become one image, and there are none"):
        loads('prompt = "A"\nreduction = "mean"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddim"}\n')
    with pytest.raises(LawError, match="no weights"):
        reduced(views(TinyPredictor(), (0.3, 0.7)), "alternate")
