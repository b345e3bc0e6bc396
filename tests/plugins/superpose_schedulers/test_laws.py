"""Every scheduler that is registered, in every variant, is held to the laws on every kind of schedule."""

import attrs
import pytest

from superpose import EDMSchedule, FlowSchedule, Optimiser, TableSchedule, VESchedule, combine, problems_of
from superpose.errors import LawError, RecipeError
from superpose.plugins import load_plugins
from superpose.sampling.gridded import Gridded
from superpose.sampling.loop import State
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing import check_scheduler, probes, variants
from superpose.testing.following import estimates, gaussian
from superpose_schedulers import SCHEDULERS
from superpose_schedulers.ddim import DDIM
from superpose_schedulers.ddpm import DDPM
from superpose_schedulers.dpmpp import DPMpp
from superpose_schedulers.pndm import PNDM

#: Those that sample; optimisers are held to laws of their own.
KINDS = {kind: cls for kind, cls in load_plugins().kinds("scheduler").items() if not issubclass(cls, Optimiser)}
SHARED = {field.name for field in attrs.fields(Gridded)}
SCHEDULES = {
    "vp": TableSchedule.named("linear"),
    "cosine": TableSchedule.named("cosine"),
    "zero-snr": TableSchedule.named("scaled_linear").zero_terminal_snr(),
    "ve": VESchedule(),
    "edm": EDMSchedule(),
    "flow": FlowSchedule(shift=3.0),
}


def of_the_method(scheduler):
    """Whether it has the time grid that it comes with: grids have laws of their own."""
    fields = attrs.fields(type(scheduler))
    return all(getattr(scheduler, f.name) == f.default for f in fields if f.name in SHARED)


EVERY = [
    pytest.param(scheduler, id=f"{kind}-{i}")
    for kind, cls in KINDS.items()
    for i, scheduler in enumerate(filter(of_the_method, variants(cls)))
]
DEFAULTS = [pytest.param(cls(), id=kind) for kind, cls in KINDS.items()]


def planned(scheduler, schedule, steps):
    """The scheduler with that many steps; skips the test where it has no grid for the schedule."""
    scheduler = attrs.evolve(scheduler, steps=steps)
    try:
        return scheduler, scheduler.plan(schedule)
    except RecipeError as error:
        pytest.skip(f"no such run is offered to users, who are told: {error}")


def test_ours_are_registered():
    assert {cls.kind for cls in SCHEDULERS} <= set(KINDS), "a scheduler of superpose_schedulers is not registered"


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("scheduler", EVERY)
def test_the_laws(scheduler, name):
    scheduler, _ = planned(scheduler, SCHEDULES[name], 7)
    check_scheduler(scheduler, SCHEDULES[name])


@pytest.mark.parametrize("scheduler", DEFAULTS)
def test_no_schedule_is_refused_by_all_grids(scheduler):
    for name, schedule in SCHEDULES.items():
        if scheduler.grid == "flow" and name != "flow":
            with pytest.raises(RecipeError, match="grid 'flow' is for rectified flows"):
                scheduler.plan(schedule)
        else:
            assert scheduler.plan(schedule).steps >= 50, f"{scheduler.kind} on {name}"


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("scheduler", EVERY)
def test_finite_at_every_number_of_steps(scheduler, name):
    for steps in range(1, 31):
        scheduler, plan = planned(scheduler, SCHEDULES[name], steps)
        denoise = estimates(scheduler)
        x, state = probes.noise(1, 1, 4, 4, double=False) * plan.levels[0].prior, scheduler.init()
        for here, there in zip(plan.levels, plan.levels[1:], strict=False):
            noise = probes.noise(1, 1, 4, 4, seed=here.index, double=False)
            x, state = scheduler.step(denoise, x, here, there, state, lambda _="", z=noise: z, jumped=False)
            assert x.isfinite().all(), f"{scheduler} on {name}: not finite after step {here.index} of {steps}"


@pytest.mark.parametrize("scheduler", DEFAULTS)
def test_rows_are_apart_at_the_sizes_of_networks(scheduler):
    schedule = SCHEDULES["flow" if scheduler.grid == "flow" else "vp"]
    for shape in ((3, 32, 32), (4, 64, 64), (3, 33, 31)):
        check_scheduler(attrs.evolve(scheduler, steps=5), schedule, shape)


@pytest.mark.parametrize("scheduler", EVERY)
def test_a_saved_state_goes_on(scheduler, tmp_path):
    schedule = SCHEDULES["flow" if scheduler.grid == "flow" else "vp"]
    scheduler, plan = planned(scheduler, schedule, 8)
    denoise = estimates(scheduler)
    x, state = probes.noise(2, 1, 4, 4, double=False), scheduler.init()
    for here, there in zip(plan.levels, plan.levels[1:], strict=False):
        save_state(State(here.index, x, state), tmp_path / "state")
        loaded, _ = load_state(tmp_path / "state", scheduler)
        noise = probes.noise(2, 1, 4, 4, seed=here.index, double=False)
        again, _ = scheduler.step(
            estimates(scheduler), loaded.x, here, there, loaded.memory, lambda _="", z=noise: z, jumped=False
        )
        x, state = scheduler.step(denoise, x, here, there, state, lambda _="", z=noise: z, jumped=False)
        assert probes.gap(x, again) == 0, f"{scheduler}: a loaded state goes on elsewhere at step {here.index}"


def test_what_the_traits_say():
    for scheduler in (param.values[0] for param in EVERY):
        plan = attrs.evolve(scheduler, steps=6).plan(SCHEDULES["flow" if scheduler.grid == "flow" else "vp"])
        drawn, asked, answer = [], [], estimates(scheduler)

        def draw(purpose="step", drawn=drawn):
            drawn.append(purpose)
            return probes.noise(1, 1, 4, 4, double=False)

        def denoise(x, level, asked=asked, answer=answer):
            asked.append(level)
            return answer(x, level)

        x, state, alone = probes.noise(1, 1, 4, 4, double=False), scheduler.init(), scheduler.init()
        apart = 0.0
        for here, there in zip(plan.levels, plan.levels[1:], strict=False):
            single, _ = scheduler.step(denoise, x, here, there, alone, draw, jumped=False)
            x, state = scheduler.step(denoise, x, here, there, state, draw, jumped=False)
            apart = max(apart, probes.gap(x, single))
        assert bool(drawn) == scheduler.stochastic, f"{scheduler} draws {len(drawn)} noises"
        assert (apart == 0) == scheduler.single_step, f"{scheduler}: history matters by {apart:.2g}"


@attrs.frozen(kw_only=True)
class _Broken(Gridded):
    """Breaks one law at a time."""

    kind = "broken"
    breaks: str = "writes"

    def init(self):
        return 0.0

    def step(self, denoise, x, here, there, state, noise, jumped):
        clean = denoise(x, here).clean
        match self.breaks:
            case "writes":
                x.mul_(0.5)
            case "remembers":
                return combine((0.5, clean), (0.1 if state else 0.2, x)), 1.0
            case "couples":
                return clean - clean.mean(), 0.0
            case "noisy":
                return clean + noise(), 0.0
            case "explodes":
                return clean / 0.0, 0.0
        return clean, 0.0


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        ("writes", "writes to a tensor that it was given"),
        ("remembers", "its history still counts"),
        ("couples", "a sample alone is"),
        ("noisy", "away from it"),
        ("explodes", "not finite"),
    ],
)
def test_a_broken_law_is_told(breaks, message):
    with pytest.raises(LawError, match=message):
        check_scheduler(_Broken(breaks=breaks, steps=3), SCHEDULES["vp"])


@pytest.mark.parametrize(
    ("variance", "learned", "cure"),
    [
        ("learned_range", "none", "write variance = 'fixed_small'"),
        ("learned", "learned_range", "write variance = 'learned_range'"),
        ("auto", "learned", "write variance = 'learned'"),
        ("auto", "learned_range", None),
        ("fixed_large", "learned_range", None),
    ],
)
def test_ddpm_says_which_variance_it_wants(variance, learned, cure):
    problems = problems_of(DDPM(variance=variance).problems, learned)
    assert [(problem.option, problem.cure) for problem in problems] == ([(("variance",), cure)] if cure else [])


def test_prk_visits_half_steps_where_there_is_noise_at_their_end():
    schedule = SCHEDULES["vp"]
    times = [level.t for level in PNDM(prk=True, steps=10, grid="leading").plan(schedule).levels]
    assert times == [900, 850, 800, 750, 700, 650, 600, 500, 400, 300, 200, 100, 0, -1]
    assert [level.t for level in PNDM(prk=True, steps=1).plan(schedule).levels] == [999, -1]
    assert len(PNDM(prk=True, steps=1000).plan(schedule).levels) == 1004, "levels one time apart have a half too"


def test_the_order_falls_at_the_end_of_short_runs():
    """As in the original: with fewer than 15 steps the last two are of order 2 and 1, when the end has noise too."""

    def orders(scheduler):
        plan = scheduler.plan(SCHEDULES["vp"])
        return [scheduler._allowed(here, there) for here, there in zip(plan.levels, plan.levels[1:], strict=False)]

    assert orders(DPMpp(order=3, steps=6, final="first")) == [3, 3, 3, 3, 2, 1]
    assert orders(DPMpp(order=3, steps=6, lower_order_final=False)) == [3, 3, 3, 3, 3, 1]
    assert orders(DPMpp(order=3, steps=15, final="first"))[-2:] == [3, 3]
    assert orders(DPMpp(order=3, steps=15, final="first", euler_at_final=True))[-2:] == [3, 1]


def test_ddim_with_eta_one_is_the_ancestral_sampler():
    x, z = probes.noise(2, 2, 4, 4, double=False)
    plan = DDIM(steps=5).plan(SCHEDULES["vp"])
    for here, there in zip(plan.levels, plan.levels[1:], strict=False):
        got = [
            scheduler.step(gaussian, x[None], here, there, None, lambda *_: z[None], jumped=False)[0]
            for scheduler in (DDIM(eta=1.0), DDPM(variance="fixed_small"))
        ]
        assert probes.gap(*got) < 1e-5, f"they differ by {probes.gap(*got):.2g} at step {here.index}"
