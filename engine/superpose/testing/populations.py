"""The laws of populations: what their potentials answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import attrs

from superpose.errors import PluginError
from superpose.estimate.context import Context
from superpose.testing.law import Law, figures
from superpose.testing.probes import TOLERANCE, broken, gap, noise, unwritten

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.tensors import Shape
    from superpose.sampling.population import Population, Potential, Transition

#: Transitions that a potential is shown.
STEPS = 3


def check_population(population: Population, channels: int = 3, height: int = 8, width: int = 8) -> dict[str, float]:
    """Hold a population to all its laws on states of one size, of which it is told no prompt.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
        RecipeError: If it needs to be told more.
    """
    return figures(laws(population, channels, height, width))


def laws(population: Population, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of a population on states of one size."""
    from superpose.testing.predictors import TinyPredictor

    shape = channels, height, width
    # Few are as good as many: that a copy is the same as what it is a copy of shows with two.
    few = attrs.evolve(population, size=min(population.size, 4))
    probe = Probe(few, few.bound_to(Context.of(TinyPredictor(shape)), ()), shape)
    yield Law("weighs-in-form", lambda: weighs_in_form(probe))
    yield Law("says-the-same-again", lambda: says_the_same_again(probe))
    yield Law("keeps-samples-apart", lambda: keeps_samples_apart(probe))
    yield Law("goes-with-the-particle", lambda: goes_with_the_particle(probe))


@attrs.frozen(eq=False)
class Probe:
    """A population and its potential, shown states of one size."""

    population: Population
    potential: Potential
    shape: Shape

    def transitions(self, samples: int = 2) -> list[Transition]:
        """Transitions of so many swarms, the last of them to the clean end."""
        from superpose.estimate.prediction import Estimate
        from superpose.levels.noise_level import NoiseLevel
        from superpose.sampling.population import Transition

        places = [1 - i / STEPS for i in range(STEPS + 1)]
        levels = [
            NoiseLevel(i, 999 * s if s else -1, (1 - s * s * 0.99) ** 0.5, s * 0.99**0.5) for i, s in enumerate(places)
        ]
        states = [noise(samples * self.population.size, *self.shape, seed=i, double=False) for i in range(STEPS + 1)]
        dispersion = states[0].double().square().mean((1, 2, 3))
        estimates = [Estimate(state.clamp(-1, 1), dispersion=dispersion * (i + 1)) for i, state in enumerate(states)]
        return [
            Transition(
                i,
                STEPS,
                levels[i],
                levels[i + 1],
                states[i],
                states[i + 1],
                estimates[i],
                plain=states[i] / 2,
                log_ratio=-dispersion,
            )
            for i in range(STEPS)
        ]

    def weighed(self, transitions: list[Transition]) -> list[Tensor]:
        """Increments of the log-weights after each transition, without resampling."""
        import torch

        memory: tuple[Tensor, ...] = ()
        found = []
        with torch.no_grad():
            for made in transitions:
                added, memory = self.potential.weigh(made, memory)
                found.append(added)
        return found

    def broken(self, what: str) -> NoReturn:
        """Raise the `LawError` of a broken law."""
        broken(self.population, "x".join(map(str, self.shape)), what)


def weighs_in_form(probe: Probe) -> float:
    """One finite number a particle, tensors of one row a particle to remember, and nothing is written to."""
    from superpose.sampling.noise import Noise
    from superpose.sampling.swarm import Swarm

    swarm = Swarm(probe.population, probe.potential, Noise(0, (0, 1), (1, 1, 1)))
    particles = swarm.begun(probe.transitions()[0].before)
    for made in probe.transitions():
        with unwritten(probe.population, "weigh", made.before, made.after, made.estimate.clean):
            try:
                particles, _ = swarm.weighed(particles, made)
            except PluginError as error:
                probe.broken(str(error))
    if not bool(particles.sizes.isfinite().all()):
        probe.broken("weigh gives weights that are no numbers")
    return 0.0


def says_the_same_again(probe: Probe) -> float:
    """Nothing is kept in the potential, and nothing is drawn at random."""
    first, again = probe.weighed(probe.transitions()), probe.weighed(probe.transitions())
    if (off := max(map(gap, again, first))) > 0:
        probe.broken(f"weigh differs by {off:.3g} the second time; what it keeps of particles is its memory")
    return 0.0


def keeps_samples_apart(probe: Probe) -> float:
    """Weights of a swarm are the same bits whichever swarms are beside it."""
    size = probe.population.size
    whole, alone = probe.weighed(probe.transitions(2)), probe.weighed(probe.transitions(1))
    if (off := max(gap(mine, all_of[:size]) for mine, all_of in zip(alone, whole, strict=True))) > 0:
        probe.broken(
            f"weights of a sample change by {off:.3g} with the samples beside it; ask networks a swarm at a time"
        )
    return 0.0


def goes_with_the_particle(probe: Probe) -> float:
    """Particles in another order have their weights in that order, by what was remembered of each."""
    from superpose.estimate.prediction import Estimate

    made = probe.transitions(1)
    order = list(reversed(range(probe.population.size)))
    turned = [
        attrs.evolve(
            one,
            before=one.before[order],
            after=one.after[order],
            estimate=Estimate._make(None if value is None else value[order] for value in one.estimate),
            plain=None if one.plain is None else one.plain[order],
            log_ratio=None if one.log_ratio is None else one.log_ratio[order],
        )
        for one in made
    ]
    plain, other = probe.weighed(made), probe.weighed(turned)
    off = max(gap(mine, all_of[order]) for mine, all_of in zip(other, plain, strict=True))
    if off > TOLERANCE * (1 + max(float(one.abs().max()) for one in plain)):
        probe.broken(f"weights change by {off:.3g} with the order of the particles; each has its own")
    return off
