"""Particles under way: what one sample's swarm does depends on nothing but its seed, and its winner runs alone."""

import attrs
import pytest
import torch

import superpose
from made_populations import Bright, Brightness
from superpose import Context, Noise, PluginError, RecipeError, RunError
from superpose.running.assembly import assemble
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing.predictors import TinyPredictor

NETWORK = TinyPredictor((3, 8, 8))
SHOWN = superpose.prompted(NETWORK, "cat")
ALWAYS = Bright(size=4, resample=1.0)
SCHEDULERS = {
    "ddpm": superpose.make("scheduler", "ddpm", steps=6),
    "ddim": superpose.make("scheduler", "ddim", steps=6, eta=1.0),
    "dpmpp-sde": superpose.make("scheduler", "dpmpp-sde", steps=6),  # it remembers the step before
}


def assembly(population=ALWAYS, scheduler="ddpm"):
    plain = assemble(SHOWN, SCHEDULERS[scheduler], NETWORK, seed=3, batch_size=4)
    return plain.carrying(population, Context.of(NETWORK))


def stepped(trajectory, count=None, state=None):
    state = state or trajectory.start()
    while state.step < (trajectory.steps if count is None else count):
        state = trajectory.step(state)
    return state


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_population_of_one_is_none(scheduler):
    plain = assembly(None, scheduler).trajectory((0, 5)).run()
    assert torch.equal(assembly(attrs.evolve(ALWAYS, size=1), scheduler).trajectory((0, 5)).run(), plain)


def test_slot_0_of_particles_that_are_not_resampled_is_the_plain_run():
    never = assembly(attrs.evolve(ALWAYS, resample=0.0)).trajectory((0, 5))
    plain = assembly(None).trajectory((0, 5)).run()
    assert torch.equal(stepped(never).x[::4], plain)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_sample_alone_is_that_among_others(scheduler):
    several = assembly(scheduler=scheduler).trajectory((0, 1, 5)).run()
    for i, sample in enumerate((0, 1, 5)):
        assert torch.equal(assembly(scheduler=scheduler).trajectory((sample,)).run()[0], several[i])


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_winner_runs_alone(scheduler):
    """Its lineage says whose noise each step took: with that one row makes the same image."""
    run = assembly(scheduler=scheduler).trajectory((0, 1, 5))
    state = stepped(run)
    lineages = run.swarm.lineages(state.particles)
    assert any(len(lineage) > 1 for lineage in lineages), "nothing was ever resampled here"
    again = assembly(scheduler=scheduler).trajectory((0, 1, 5), lineages=lineages)
    assert again.swarm is None
    assert torch.equal(again.run(), run.finish(state))


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_swarm_is_gone_on_from(tmp_path, stop):
    run = assembly().trajectory((0, 5))
    path = tmp_path / "state.safetensors"
    save_state(stepped(run, stop), path, scheduler=run.scheduler)
    state, _ = load_state(path, run.scheduler)
    gone_on, whole = stepped(run, state=state), stepped(run)
    assert torch.equal(run.finish(gone_on), run.finish(whole))
    assert run.swarm.lineages(gone_on.particles) == run.swarm.lineages(whole.particles)
    assert gone_on.particles.weighed == (0, 1, 2, 3, 4, 5)


def test_copies_carry_all_that_is_theirs():
    """After resampling each row is the row of its parent, and so is what a potential remembers of it."""
    run = assembly().trajectory((0, 5))
    before = stepped(run, 2)
    alone = assembly(attrs.evolve(ALWAYS, resample=0.0)).trajectory((0, 5))
    after, unresampled = run.step(before), alone.step(before)
    parents = after.particles.ancestors[:, -1]
    rows = (parents + 4 * torch.arange(2)[:, None]).flatten()
    assert rows.tolist() != list(range(8))
    assert torch.equal(after.x, unresampled.x[rows])
    assert torch.equal(after.clean, unresampled.clean[rows])
    [mine], [theirs] = after.particles.memory, unresampled.particles.memory
    assert torch.equal(mine, theirs[rows])


def test_copies_part_again():
    run = assembly(Bright(size=4, resample=1.0, stop=0.5)).trajectory((0,))
    rows = stepped(run).x.flatten(1)
    assert len({tuple(row.tolist()) for row in rows}) == 4


def test_it_steers():
    plain = assembly(None).trajectory(range(12)).run().mean()
    assert assembly(Bright(size=8)).trajectory(range(12)).run().mean() > plain + 0.01


def test_the_heaviest_is_picked_where_it_is_asked_for():
    population = Bright(size=4, resample=0.0, pick="heaviest")
    run = assembly(population).trajectory((0, 5))
    state = stepped(run)
    best = state.particles.log_weights.argmax(1) + torch.tensor([0, 4])
    assert torch.equal(run.finish(state), state.x[best])


def test_observers_see_one_row_a_sample():
    seen = []

    class Watch:
        def see(self, step):
            seen.append((len(step.x), len(step.clean)))

    assembly().trajectory((0, 5)).run([Watch()])
    assert seen == [(2, 2)] * 6


def test_a_scheduler_without_noise_is_refused():
    quiet = superpose.make("scheduler", "ddim", steps=4)
    with pytest.raises(RecipeError, match="bright needs a stochastic scheduler, and ddim as set here is not: use one"):
        superpose.trajectory(SHOWN, quiet, NETWORK, population=ALWAYS)


def test_a_population_that_would_weigh_nothing_is_refused():
    with pytest.raises(
        RecipeError, match="bright weighs its particles after none of the 6 steps: let it start earlier"
    ):
        assembly(Bright(size=4, start=0.95))


class Weighed(Brightness):
    """Answers what it is told to."""

    def __init__(self, answer):
        self.answer = answer

    def weigh(self, made, memory):
        return self.answer(made), memory


def of(answer):
    return attrs.evolve(assembly(), potential=Weighed(answer)).trajectory((0, 5))


def test_weights_that_are_no_numbers_end_the_run():
    def broken(made):
        return made.after.flatten(1).sum(1) * (torch.nan if made.index == 2 else 1)

    with pytest.raises(RunError, match="after step 2 the weights of row 0 of this batch are no numbers"):
        of(broken).run()


def test_a_particle_without_weight_has_no_children():
    def first_alone(made):
        weights = torch.full((8,), -torch.inf)
        weights[[1, 4]] = 0.0
        return weights

    state = stepped(of(first_alone), 1)
    assert state.particles.ancestors[:, 0].tolist() == [[1] * 4, [0] * 4]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda made: 1.0, "gives a float, and must give one number a particle"),
        (lambda made: made.after[:, 0, 0, 0][:3], r"gives a tensor of shape \(3,\)"),
    ],
)
def test_a_potential_in_another_form_is_blamed(answer, told):
    with pytest.raises(PluginError, match=told):
        of(answer).run()


def test_slots_draw_noise_of_their_own_and_slot_0_that_of_the_sample():
    rows = Noise(1, (7, 7, 7), (1, 2, 2), slots=(((0, 0),), ((0, 2),), ((0, 0), (3, 2))))
    plain = Noise(1, (7,), (1, 2, 2))
    for step in (-1, 0, 2, 3, 9):
        first, other, changing = rows.draw(step)
        assert torch.equal(first, plain.draw(step)[0])
        assert not torch.equal(first, other)
        assert torch.equal(changing, other if step >= 3 else first)
