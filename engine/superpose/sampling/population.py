r"""Populations: several particles a sample, weighted on the way, of which one becomes the image.

The particles of a sample are a *swarm*: each has a slot, whose noise is its own. After a transition a *potential*
:math:`G` says how much better a particle does than the plain trajectory would have it, :math:`W \leftarrow W\,G`
(Feynman-Kac models; sequential Monte Carlo). Where the effective sample size is small, light particles are replaced by
copies of heavy ones, which part again as each draws the noise of its slot.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, final

import attrs

from superpose.estimate.blame import article, blamed
from superpose.kinds.kind import Kind, option
from superpose.kinds.need import Need

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.context import Context
    from superpose.estimate.model import Model
    from superpose.estimate.prediction import Estimate
    from superpose.estimate.problem import Problem
    from superpose.estimate.reading import Reading
    from superpose.levels.noise_level import NoiseLevel


@attrs.frozen(eq=False)
class Transition:
    """A transition of all particles, as a potential is shown it; nothing in it is to be written to.

    Attributes:
        index: Its number, from 0.
        total: How many there are.
        here: The level t that it started from.
        there: The level s that it reached.
        before: The states :math:`x_t`, shape (N x K, C, H, W): the K particles of a sample one after the other.
        after: The states :math:`x_s`.
        estimate: The last estimate that the step was made by.
        plain: The clean image before guidance by gradients and rules moved it; None where nobody asks.
        log_ratio: Of each particle, the logarithm of the density of its step without those over that of the step as it
            was made, shape (N x K,), float64; None where nobody asks: see `Population.reads_steps`.
    """

    index: int
    total: int
    here: NoiseLevel
    there: NoiseLevel
    before: Tensor
    after: Tensor
    estimate: Estimate
    plain: Tensor | None = None
    log_ratio: Tensor | None = None

    @property
    def last(self) -> bool:
        """True for the transition to the clean end."""
        return self.index == self.total - 1


class Potential(ABC):
    """The weights of a population, with all at hand that they need."""

    @abstractmethod
    def weigh(self, made: Transition, memory: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Weigh the particles after a transition.

        A particle's answer depends on that particle alone.

        Arguments:
            made: The transition.
            memory: What was remembered of each particle, or of the one that it is a copy of; empty at first.

        Returns:
            What is added to the logarithms of their weights, shape (N x K,), and tensors to remember, of one row a
            particle.
        """


@attrs.frozen(kw_only=True)
class Population(Kind, ABC):
    """Several particles a sample. Kinds are frozen attrs classes; `size` 1 is the run without a population.

    As it is, particles are weighed at the end and the heaviest is picked: see `Resampled` for others.

    Attributes:
        needs: What it demands of the scheduler: see `Need`.
        reads_dispersion: Whether its potential reads `Estimate.dispersion`. What is sampled must then be a product of
            densities, and nothing else may move it: see `Denoiser.with_dispersion`.
        reads_steps: Whether its potential reads `Transition.plain` and `Transition.log_ratio`. Steps must then be
            affine in the clean image (`Scheduler.move`), and rules may edit no state.
    """

    role: ClassVar[str] = "population"
    needs: ClassVar[frozenset[Need]] = frozenset()
    reads_dispersion: ClassVar[bool] = False
    reads_steps: ClassVar[bool] = False

    size: int = option(8, doc="particles a sample", ge=1, le=4096)

    def weighs(self, step: int, steps: int) -> bool:
        """True where the particles are weighed after that step of so many."""
        return step == steps - 1

    @property
    def threshold(self) -> float:
        """Share of the particles below which an effective sample size has them resampled; 0 for never."""
        return 0.0

    @property
    def draws(self) -> bool:
        """True where the particle that becomes the image is drawn by weight, and not the heaviest."""
        return False

    def problems(self, model: Model, prompts: Sequence[str]) -> Iterable[Problem]:
        """Problems of its options; none where they fit. Asked before any weight is read.

        Arguments:
            model: The network that paints.
            prompts: What the image is to be read as, in whatever view or part.
        """
        del model, prompts
        return ()

    @abstractmethod
    def bind(self, context: Context, readings: Sequence[Reading]) -> Potential:
        """The potential, with files read.

        Arguments:
            context: Loads any model or classifier, and knows the canvas. While a recipe is only checked, what it loads
                is a stand-in that has read no weights.
            readings: Every way in which the image is to be read, at the size of pictures; none in Python.
        """

    @final
    def bound_to(self, context: Context, readings: Sequence[Reading]) -> Potential:
        """Potential that `bind` gives.

        Raises:
            PluginError: If that is no potential.
        """
        potential: object = self.bind(context, readings)
        if not isinstance(potential, Potential):
            blamed(self, "bind", f"returns {article(potential)}, and must return a superpose.Potential")
        return potential
