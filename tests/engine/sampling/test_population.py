"""Populations: what one is that says nothing but its potential, and which transition is the last."""

import attrs
import pytest

from superpose import Context, NoiseLevel, PluginError, Population, Potential
from superpose.sampling.population import Transition
from superpose.testing.predictors import TinyPredictor

CONTEXT = Context.of(TinyPredictor())
READINGS = ("a reading",)


class Even(Potential):
    """Finds every particle as good as the others."""

    def weigh(self, made, memory):
        return made.after.new_zeros(len(made.after)), memory


@attrs.frozen(kw_only=True, eq=False)
class Told(Population):
    """Binds to what a test chooses, and keeps what it is given."""

    kind = "told"
    potential: object = None
    given: list = attrs.field(factory=list)

    def bind(self, context, readings):
        self.given.append((context, readings))
        return self.potential


def test_it_is_bound_to_its_potential_with_all_that_it_needs():
    potential = Even()
    population = Told(potential=potential)
    assert population.bound_to(CONTEXT, READINGS) is potential
    assert population.given == [(CONTEXT, READINGS)]


@pytest.mark.parametrize(("potential", "what"), [(None, "nothing"), (Even, "an abc.ABCMeta"), (3, "an int")])
def test_what_is_no_potential_is_blamed_on_its_method(potential, what):
    with pytest.raises(PluginError, match=rf"^Told\.bind, .* returns {what}, and must return a superpose\.Potential"):
        Told(potential=potential).bound_to(CONTEXT, READINGS)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_particles_are_weighed_at_the_end_alone_and_the_heaviest_is_picked(steps):
    population = Told()
    assert [population.weighs(step, steps) for step in range(steps)] == [False] * (steps - 1) + [True]
    assert population.threshold == 0
    assert not population.draws
    assert population.needs == frozenset()
    assert tuple(population.problems(None, ["a"])) == ()


@pytest.mark.parametrize(("size", "says"), [(0, "at least 1"), (4097, "at most 4096")])
def test_a_population_has_particles(size, says):
    assert Told().size == 8
    with pytest.raises(ValueError, match=says):
        Told(size=size)


def test_the_last_transition_is_that_to_the_clean_end():
    here, there = NoiseLevel(0, 1.0, 0.6, 0.8), NoiseLevel(1, 0.0, 1.0, 0.0)
    assert [Transition(index, 3, here, there, None, None, None).last for index in range(3)] == [False, False, True]


@pytest.mark.parametrize(("base", "method"), [(Population, "bind"), (Potential, "weigh")])
def test_what_every_one_must_say_is_asked_for(base, method):
    with pytest.raises(TypeError, match=method):
        type("Nothing", (base,), {})()
