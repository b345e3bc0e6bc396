"""The loop: stepping by hand, stopping and going on, observers, hooks that must fire."""

from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import attrs
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import superpose
from superpose import (
    Constraint,
    Edit,
    FlowSchedule,
    Noise,
    NoiseLevel,
    Plan,
    RecipeError,
    Rule,
    RunError,
    make,
    prompted,
    renoised,
    trajectory,
)
from superpose.plugins import load_plugins
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing import variants
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

#: Those that need no file: one that does is held to the same by tests of its own.
SCHEDULERS = sorted(kind for kind, cls in load_plugins().kinds("scheduler").items() if variants(cls))


def a_run(scheduler="ddim", samples=2, shape=(3, 8, 8), **options):
    # Its own grid is one of rectified flows.
    flow = {"schedule": FlowSchedule(), "parameterization": "flow"} if scheduler == "flow-euler" else {}
    model = TinyPredictor(shape, **flow)
    return trajectory(
        prompted(model, "cat"), make("scheduler", scheduler, steps=6), model, samples=samples, batch_size=2, **options
    )


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_run_stopped_anywhere_and_gone_on_with_is_the_same_run(scheduler, tmp_path):
    whole = a_run(scheduler).run()
    for stop in range(7):
        stepped = a_run(scheduler)
        state = stepped.start()
        for _ in range(min(stop, stepped.steps)):
            state = stepped.step(state)
        save_state(state, tmp_path / "state.safetensors", about="this run")
        again = a_run(scheduler)
        loaded, about = load_state(tmp_path / "state.safetensors", again.scheduler)
        assert about == "this run"
        assert torch.equal(again.run(state=loaded), whole), f"{scheduler} stopped after {stop} steps"


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_sample_of_many_is_the_sample_alone(scheduler):
    many = a_run(scheduler, samples=7).run()
    for k in (0, 3, 6):
        assert torch.equal(a_run(scheduler, samples=(k,)).run()[0], many[k]), f"{scheduler}, sample {k}"


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 9, 9)])
def test_odd_sizes_keep_their_bits_in_any_company(scheduler, shape):
    many = a_run(scheduler, samples=5, shape=shape).run()
    assert torch.equal(a_run(scheduler, samples=(4,), shape=shape).run()[0], many[4])


def test_a_state_is_not_changed_by_a_step():
    stepped = a_run("dpmpp")
    state = stepped.step(stepped.start())
    x = state.x.clone()
    first, second = stepped.step(state), stepped.step(state)
    assert torch.equal(state.x, x)
    assert torch.equal(first.x, second.x)


def test_stepping_past_the_end_is_refused():
    stepped = a_run()
    state = stepped.start()
    while state.step < stepped.steps:
        state = stepped.step(state)
    with pytest.raises(RunError, match=r"has 6 steps and all are made: call finish"):
        stepped.step(state)


def test_a_cut_off_state_is_refused_with_its_name(tmp_path):
    path = tmp_path / "state.safetensors"
    stepped = a_run()
    save_state(stepped.start(), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RecipeError, match=r"state\.safetensors: not a saved state of ddim"):
        load_state(path, stepped.scheduler)


class Local(NamedTuple):
    """A memory that no scheduler tells of."""

    x: object


@pytest.mark.parametrize(
    ("memory", "says"),
    [
        (Local(torch.zeros(1)), r"remembers \S*Local: say memory = Local in it"),
        ((1, [SimpleNamespace()]), r"remembers types\.SimpleNamespace, which can't be saved: remember tensors"),
        ({1: 2.0}, r"remembers builtins\.dict, which can't be saved"),
    ],
)
def test_a_memory_that_would_not_come_back_is_told_with_its_class(memory, says, tmp_path):
    ddim = make("scheduler", "ddim")
    with pytest.raises(RunError, match=f"^DDIM.*{says}") as told:
        save_state(superpose.State(0, torch.zeros(1), memory), tmp_path / "state", scheduler=ddim)
    assert len(str(told.value).splitlines()) == 1
    assert not (tmp_path / "state").exists()


@attrs.frozen(kw_only=True)
class Nudge(Rule):
    """Moves the state a little after every step."""

    kind = "nudge"
    size: float = 0.1

    def after(self, x, there, noise):
        return Edit(x + self.size * noise(), jumped=True)


@attrs.frozen(kw_only=True)
class Whitener(Rule):
    """Draws noise and uses none of it."""

    kind = "whitener"

    def before(self, x, here, noise):
        noise()
        return Edit(x, jumped=False)


class TestConstraints:
    def test_adding_one_that_does_nothing_changes_nothing(self):
        alone = a_run("ddpm", constraints=[Nudge()]).run()
        assert torch.equal(a_run("ddpm", constraints=[Whitener(), Nudge()]).run(), alone)
        assert torch.equal(a_run("ddpm", constraints=[Nudge(), Whitener()]).run(), alone)

    def test_two_of_a_kind_draw_different_noise(self):
        twice = a_run(constraints=[Nudge(), Nudge(size=-0.1)]).run()
        assert not torch.allclose(twice, a_run().run(), atol=1e-3)

    def test_a_jump_makes_a_multistep_scheduler_forget(self):
        @attrs.frozen(kw_only=True)
        class Silent(Nudge):
            """Moves the state as `Nudge` does, and says nothing of it."""

            def after(self, x, there, noise):
                return Edit(super().after(x, there, noise).value, jumped=False)

        assert not torch.equal(
            a_run("dpmpp", constraints=[Nudge()]).run(), a_run("dpmpp", constraints=[Silent()]).run()
        )
        assert torch.equal(a_run("ddim", constraints=[Nudge()]).run(), a_run("ddim", constraints=[Silent()]).run())

    def test_one_that_is_not_bound_is_refused(self):
        @attrs.frozen(kw_only=True)
        class Unbound(Constraint):
            """Becomes another when it is bound."""

            kind = "unbound"

            def bind(self, canvas):
                return Nudge()

        bound = a_run(constraints=[Unbound()])
        with pytest.raises(RecipeError, match="constraint unbound is not bound"):
            attrs.evolve(bound, rules=[Unbound()])

    def test_a_hook_that_never_fires_is_an_error(self):
        @attrs.frozen(kw_only=True)
        class Unheard(Rule):
            """Wants to edit the state before steps of a plan that has only climbs."""

            kind = "unheard"

            def plan(self, plan):
                return Plan.of(plan.levels[:1])

            def before(self, x, here, noise):
                return Edit(x)

        with pytest.raises(RunError, match=r"constraint 0 \(unheard\) declares before, which never fired in 0 steps"):
            a_run(constraints=[Unheard()]).run()

    @pytest.mark.parametrize(
        ("need", "scheduler", "says"),
        [
            ("stochastic", "ddim", "needs a stochastic scheduler, and ddim as set here is not: use one that is"),
            ("deterministic", "ddpm", "needs a deterministic scheduler, and ddpm as set here is not: use one that is"),
            ("single_step", "dpmpp", "needs a single-step scheduler, and dpmpp as set here is not: use one that is"),
        ],
    )
    def test_needs_are_checked_at_construction(self, need, scheduler, says):
        @attrs.frozen(kw_only=True)
        class Needy(Rule):
            """Has a need."""

            kind = "needy"
            needs = frozenset({need})

        with pytest.raises(RecipeError, match=says) as told:
            a_run(scheduler, constraints=[Needy()])
        cures = str(told.value).rpartition(": ")[2].split(", ")
        assert cures
        for kind in cures:
            a_run(kind, constraints=[Needy()])


@given(down=st.integers(1, 8), seed=st.integers(0, 99))
def test_climbing_keeps_the_marginal(down, seed):
    """A climb from level s to level t has exactly the marginal of level t."""
    model = GaussianPredictor((1, 64, 64), std=0.5, means={"": 0.3})
    levels = make("scheduler", "ddim", steps=10).plan(model.schedule).levels
    there, here = levels[down - 1], levels[down]
    noise = Noise(seed, (0,), model.shape)
    clean = 0.3 + 0.5 * noise.draw(0, "clean")
    x = here.alpha * clean + here.sigma * noise.draw(0, "noise")
    up = renoised(x, here, there, noise.draw(0, "climb"))
    want = there.alpha**2 * 0.25 + there.sigma**2
    assert abs(up.mean() - there.alpha * 0.3) < 5 * (want / up.numel()) ** 0.5
    assert abs(up.var() - want) < 5 * want * (2 / up.numel()) ** 0.5


def test_moments_know_their_ratios():
    level = NoiseLevel(0, 10.0, 0.6, 0.8)
    assert level.ratio == pytest.approx(4 / 3)
    assert level.log_snr == pytest.approx(-0.2876820724517809)
    assert NoiseLevel(0, 0.0, 1.0, 0.0).log_snr == float("inf")
    assert NoiseLevel(0, 999.0, 0.0, 1.0).ratio == float("inf")


def test_the_public_door_opens_on_everything():
    for name in superpose.__all__:
        found = getattr(superpose, name)
        assert isinstance(found, ModuleType) == (name in {"nn", "testing"}), f"{name} is hidden by a module"
    with pytest.raises(AttributeError, match="superpose has no public name 'Hook'"):
        superpose.Hook  # noqa: B018
