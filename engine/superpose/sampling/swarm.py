"""Swarms: the particles of some samples under way, weighted, resampled, and one of each picked at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import torch

from superpose.errors import RunError
from superpose.estimate.blame import article, blamed
from superpose.sampling.noise import START
from superpose.sampling.resampling import drawn, effective_sizes, systematic

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from superpose.sampling.noise import Lineage, NoiseSource
    from superpose.sampling.population import Population, Potential, Transition


class Particles(NamedTuple):
    """Weights of N swarms of K particles, and where they came from, after W weighings.

    Attributes:
        log_weights: Up to a constant of each swarm, (N, K), in float64 where the device has it.
        ancestors: After each weighing, the slot that each particle had before, (N, W, K).
        sizes: Effective sample size at each weighing, before resampling, (N, W).
        weighed: Steps after which they were weighed, W of them.
        memory: What the potential remembers, tensors of N x K rows.
    """

    log_weights: Tensor
    ancestors: Tensor
    sizes: Tensor
    weighed: tuple[int, ...] = ()
    memory: tuple[Tensor, ...] = ()


@attrs.frozen(eq=False)
class Swarm:
    """A population at work on some samples.

    Attributes:
        population: Its options.
        potential: Its weights.
        uniforms: One number a sample, step and purpose, shape (N, 1, 1, 1).
        resampling: How ancestors are drawn.
    """

    population: Population
    potential: Potential
    uniforms: NoiseSource
    resampling: Callable[[Tensor, Tensor], Tensor] = systematic

    @property
    def size(self) -> int:
        """Particles a sample."""
        return self.population.size

    def begun(self, x: Tensor) -> Particles:
        """Equal weights of the particles in ``x``."""
        samples = len(x) // self.size
        # MPS has no float64; K numbers do not need it there more than elsewhere.
        dtype = torch.float32 if x.device.type == "mps" else torch.float64
        none = torch.zeros(samples, 0, self.size, dtype=torch.int64, device=x.device)
        equal = torch.zeros(samples, self.size, dtype=dtype, device=x.device)
        return Particles(equal, none, none[..., 0].to(dtype))

    def weighed(self, particles: Particles, made: Transition) -> tuple[Particles, Tensor]:
        """The particles weighed after a transition, and the row that each of them is a copy of, (N x K,)."""
        added, memory = self._weighed(made, particles.memory)
        log_weights = particles.log_weights + added.view_as(particles.log_weights).to(particles.log_weights)
        sizes = effective_sizes(log_weights)
        parents = self.resampling(log_weights, self._uniform(made.index, "resample"))
        slots = torch.arange(self.size, device=parents.device)
        enough = (sizes >= self.population.threshold * self.size)[:, None]
        parents = torch.where(enough, slots, parents)
        log_weights = torch.where(enough, log_weights, 0.0)
        rows = (parents + self.size * torch.arange(len(parents), device=parents.device)[:, None]).flatten()
        ancestors = torch.cat((particles.ancestors, parents[:, None]), 1)
        sizes = torch.cat((particles.sizes, sizes[:, None]), 1)
        weighed = (*particles.weighed, made.index)
        return Particles(log_weights, ancestors, sizes, weighed, taken(memory, rows)), rows

    def leading(self, particles: Particles) -> Tensor:
        """The row of the heaviest particle of each sample, (N,)."""
        return self._row(particles.log_weights.argmax(1))

    def picked(self, particles: Particles) -> Tensor:
        """The row of the particle of each sample that becomes the image, (N,).

        Raises:
            RunError: If weights were no numbers.
        """
        self._check(particles)
        return self._row(self._slots(particles))

    def lineages(self, particles: Particles) -> tuple[Lineage, ...]:
        """The slots that the picked particle of each sample had, by step."""
        pairs = zip(self._slots(particles).tolist(), particles.ancestors.tolist(), strict=True)
        return tuple(_traced(slot, list(zip(particles.weighed, mine, strict=True))) for slot, mine in pairs)

    def _slots(self, particles: Particles) -> Tensor:
        if self.population.draws:
            return drawn(particles.log_weights, self._uniform(START, "pick"))
        return particles.log_weights.argmax(1)

    def _row(self, slots: Tensor) -> Tensor:
        return slots + self.size * torch.arange(len(slots), device=slots.device)

    def _uniform(self, step: int, purpose: str) -> Tensor:
        return self.uniforms.draw(step, f"population:{purpose}", "uniform").flatten()

    def _weighed(self, made: Transition, memory: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        found: Any = self.potential.weigh(made, memory)
        if not isinstance(found, tuple) or len(found) != 2:
            blamed(self.potential, "weigh", f"returns {article(found)}, and must return the pair (logarithms, memory)")
        added, memory = found
        rows = len(made.after)
        if not isinstance(added, torch.Tensor) or added.shape != (rows,):
            what = f"a tensor of shape {tuple(added.shape)}" if isinstance(added, torch.Tensor) else article(added)
            blamed(self.potential, "weigh", f"gives {what}, and must give one number a particle, shape ({rows},)")
        if any(not isinstance(one, torch.Tensor) or len(one) != rows for one in memory):
            blamed(self.potential, "weigh", "remembers what is no tensor of one row a particle")
        return added, tuple(memory)

    def _check(self, particles: Particles) -> None:
        lost = particles.sizes.isnan().nonzero().tolist()
        if lost:
            sample, weighing = lost[0]
            raise RunError(
                f"{self.population.kind}: after step {particles.weighed[weighing]} the weights of row {sample} of this "
                "batch are no numbers, or no particle has any: its reward or potential gives NaN or infinity there"
            )


def _traced(slot: int, weighings: list[tuple[int, list[int]]]) -> Lineage:
    """The slots of the particle that is in ``slot`` at last, from (step, ancestors after it) of each weighing."""
    found: list[tuple[int, int]] = []
    for step, ancestors in reversed(weighings):
        if ancestors[slot] != slot:
            found.append((step + 1, slot))
            slot = ancestors[slot]
    return ((0, slot), *reversed(found))


def taken(value: Any, rows: Tensor) -> Any:
    """A structure of tuples with the rows of its tensors taken; what has no rows stays as it is."""
    if isinstance(value, torch.Tensor):
        return value.index_select(0, rows) if value.ndim and len(value) == len(rows) else value
    if isinstance(value, tuple):
        items = [taken(item, rows) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return [taken(item, rows) for item in value] if isinstance(value, list) else value
