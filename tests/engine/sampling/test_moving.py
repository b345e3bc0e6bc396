"""Rules that make the steps themselves, and estimates that displace what a step reaches."""

import attrs
import pytest
import torch

from superpose import (
    Canvas,
    Constraint,
    Denoiser,
    Mix,
    OwnLevels,
    Plan,
    PluginError,
    RecipeError,
    Rule,
    TableSchedule,
    Term,
    Trajectory,
    make,
    prompted,
    trajectory,
)
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing import check_constraint
from superpose.testing.predictors import TinyPredictor

SHAPE = (3, 4, 4)


@attrs.frozen(kw_only=True, eq=False)
class Half(Constraint, Rule):
    """Goes half of the way to the clean image, with noise of its own."""

    kind = "half"

    def bind(self, canvas):
        return self

    def move(self, denoise, x, here, there, noise):
        clean = denoise(x, here).clean * there.alpha
        return clean if there.sigma == 0 else (x + clean) / 2 + 0.1 * noise()


@attrs.frozen(eq=False)
class Displaced(Denoiser):
    """Displaces every state by a number."""

    inner: Denoiser
    by: float

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        return estimate._replace(displacement=torch.full_like(estimate.clean, self.by))


def a_run(*rules, scheduler="ddim", denoiser=None, samples=2, **options):
    network = TinyPredictor(SHAPE)
    denoiser = denoiser or prompted(network, "cat")
    return trajectory(
        denoiser, make("scheduler", scheduler, steps=4, **options), network, samples=samples, constraints=rules
    )


def test_the_rule_makes_every_step_with_noise_of_its_own():
    run = a_run(Half())
    state = run.start()
    for _ in range(4):
        here, there = run.plan.levels[state.step : state.step + 2]
        noise = run.noise.draw(state.step, "half.0:step")
        want = Half().move(run.denoiser, state.x, here, there, lambda noise=noise: noise)
        state = run.step(state)
        torch.testing.assert_close(state.x, want)
    assert (0, "move") in state.fired


def test_other_rules_still_edit_the_clean_image():
    @attrs.frozen(eq=False)
    class Black(Rule):
        kind = "black"

        def on_clean(self, clean, here):
            from superpose import Edit

            return Edit(clean * 0 - 1)

    assert torch.equal(a_run(Half(), Black()).run(), torch.full((2, *SHAPE), -1.0))


def test_a_run_that_was_stopped_is_the_same_run(tmp_path):
    run = a_run(Half())
    state = run.step(run.step(run.start()))
    save_state(state, tmp_path / "state")
    again, _ = load_state(tmp_path / "state", run.scheduler)
    assert torch.equal(run.run(state=again), run.run())
    torch.testing.assert_close(a_run(Half(), samples=(1,)).run()[0], run.run()[1])


def test_two_that_make_the_steps_are_refused():
    with pytest.raises(RecipeError, match=r"constraint 1 \(half\) makes the steps, .* constraint 0 \(half\) has made"):
        a_run(Half(), Half())


@pytest.mark.parametrize(
    ("scheduler", "options", "idle"),
    [("ddim", {"eta": 0.5}, "eta = 0.5"), ("ddpm", {"variance": "fixed_large"}, "variance = fixed_large")],
)
def test_an_option_of_the_scheduler_that_would_do_nothing_is_refused(scheduler, options, idle):
    why = f"half makes the steps itself, and of {scheduler} the levels alone count: remove {idle}, or say it to half"
    with pytest.raises(RecipeError, match=why):
        a_run(Half(), scheduler=scheduler, **options)
    a_run(Half(), scheduler=scheduler, grid="leading")


def test_guidance_that_reads_noise_off_another_image_is_refused():
    @attrs.frozen(eq=False)
    class Renoising(Denoiser):
        inner: Denoiser

        def estimate(self, x, level):
            estimate = yield from self.inner.estimate(x, level)
            return estimate._replace(renoise=estimate.clean)

    run = a_run(Half(), denoiser=Renoising(prompted(TinyPredictor(SHAPE), "cat")))
    with pytest.raises(RecipeError, match="half makes the steps itself, and does not read noise off an image"):
        run.run()


def test_a_rule_that_makes_another_shape_is_blamed():
    @attrs.frozen(eq=False)
    class Flat(Rule):
        kind = "flat"

        def move(self, denoise, x, here, there, noise):
            return x[:1]

    with pytest.raises(PluginError, match=r"Flat\.move"):
        a_run(Flat()).run()


def test_the_laws_hold_a_mover():
    figures = check_constraint(Half(), Canvas(SHAPE))
    assert figures["move-in-form"] == figures["move-keeps-samples-apart"] == 0

    @attrs.frozen(kw_only=True, eq=False)
    class Coupled(Half):
        """Knows of other samples."""

        def move(self, denoise, x, here, there, noise):
            return x - x.mean()

    with pytest.raises(Exception, match="move of one sample changes"):
        check_constraint(Coupled(), Canvas(SHAPE))


@pytest.mark.parametrize("scheduler", ["ddim", "ddpm", "heun", "dpmpp"])
def test_a_displacement_is_added_to_what_the_step_reaches(scheduler):
    plain = a_run(scheduler=scheduler)
    moved = a_run(scheduler=scheduler, denoiser=Displaced(plain.denoiser, 0.25))
    state = plain.start()
    torch.testing.assert_close(moved.step(state).x, plain.step(state).x + 0.25)


def test_displacements_of_terms_add_up_and_follow_their_views():
    network = TinyPredictor(SHAPE)
    one, other = (Displaced(prompted(network, "cat"), by) for by in (1.0, 3.0))
    negated = Term(other, 0.5, lambda x: -x, lambda x: -x)
    x, level = torch.zeros(1, *SHAPE), network.schedule.level(0, 500)
    assert torch.equal(Mix((Term(one, 0.5), negated))(x, level).displacement, torch.full((1, *SHAPE), -1.0))


def test_a_displacement_is_of_the_states_of_the_run():
    """A network of another process sees states that are larger: what it displaces them by is smaller on the canvas."""
    from superpose import VESchedule

    inner = Displaced(prompted(TinyPredictor(SHAPE), "cat"), 1.0)
    level = TableSchedule.named("linear").level(0, 800)
    moved = OwnLevels(inner, VESchedule())(torch.zeros(1, *SHAPE), level).displacement
    torch.testing.assert_close(moved, torch.full((1, *SHAPE), level.alpha), rtol=2e-2, atol=0)


def test_a_plan_that_climbs_asks_the_loop():
    levels = [TableSchedule.named("linear").level(0, t) for t in (900, 500, 700, 300)]
    run = a_run(Half())
    run = Trajectory(run.denoiser, run.scheduler, Plan.of([*levels, run.plan.levels[-1]]), run.noise, [Half()])
    assert run.run().isfinite().all()
