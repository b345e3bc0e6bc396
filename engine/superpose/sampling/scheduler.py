"""Schedulers: how a state moves from one noise level to the next. State goes in and comes out; objects are frozen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, final

from superpose.estimate.blame import article, blamed
from superpose.estimate.process import GAUSSIAN
from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.ahead import Move
    from superpose.estimate.canvas import Canvas
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.prediction import Estimate, LearnedVariance
    from superpose.estimate.problem import Problem
    from superpose.estimate.process import Process
    from superpose.levels.noise_level import NoiseLevel, Schedule
    from superpose.levels.plan import Plan
    from superpose.sampling.noise import StepNoise

#: Estimates the clean image behind a state at a noise level.
Denoise = Callable[["Tensor", "NoiseLevel"], "Estimate"]
#: What a scheduler remembers between steps: tensors, numbers, noise levels and tuples of them; None for nothing.
Memory = Any


class Scheduler(Kind, ABC):
    """A sampling method. Kinds are frozen attrs classes; all coefficients are Python floats made from the noise levels.

    Attributes:
        stochastic: Whether steps draw noise.
        single_step: Whether a step depends on the state alone, with no history.
        order: Order of convergence on a smooth probability flow; 0 where the limit is a distribution, not a path.
            Where it is an option it is the number of estimates that a step puts together.
        applies_gradient: Whether `step` itself obeys `Estimate.guidance_gradient`. Where it does not, which is usual,
            the clean images that ``denoise`` gives it have been moved already (the score form), and it is given no
            steer.
        renoises: Whether `step` reads the noise in a state off `Estimate.renoise`, where there is one. Methods that
            need it, such as CFG++, are refused with every other scheduler.
        memory: The named tuple that it remembers, where its class is of another module: a saved state names it.
    """

    role: ClassVar[str] = "scheduler"
    processes: ClassVar[frozenset[str] | None] = frozenset({GAUSSIAN})
    applies_gradient: ClassVar[bool] = False
    renoises: ClassVar[bool] = False
    memory: ClassVar[type | None] = None

    @property
    def stochastic(self) -> bool:
        """True where steps draw noise."""
        return False

    @property
    def single_step(self) -> bool:
        """True where a step depends on the state alone, with no history."""
        return True

    @property
    def renders(self) -> bool:
        """True where states are drawn with what it remembers, so that nobody else can move them."""
        return False

    @property
    def order(self) -> int:
        """Order of convergence on a smooth probability flow; 0 where the limit is a distribution, not a path."""
        return 0

    @abstractmethod
    def plan(self, schedule: Schedule) -> Plan:
        """The levels to visit.

        Raises:
            RecipeError: If the schedule has no such grid.
        """

    def bind(self, canvas: Canvas) -> Scheduler:
        """This scheduler for what is painted on: with files read, as tensors on the canvas's device."""
        del canvas
        return self

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that it asks instead of ``denoiser``, which every rule has wrapped.

        One that asks more at once than what is shown, such as an image beside it, overrides this. What it is asked
        then is its own: `step` alone gives it states.
        """
        return denoiser

    def start(self, process: Process, noise: StepNoise, level: NoiseLevel) -> Tensor:
        """States before the first step, shape (N, C, H, W): those of the process at its first level."""
        return process.start(noise, level)

    def begin(self, process: Process, noise: StepNoise, level: NoiseLevel) -> tuple[Tensor, Memory]:
        """States and memory before the first step: of `start` and `init`, unless memory begins with samples' noise."""
        return self.start(process, noise, level), self.init()

    def pictures(self, memory: Memory) -> Tensor | None:
        """Pictures of a finished run, where memory has them; None where they are those of its states."""
        del memory
        return None

    def canvas_problems(self, canvas: Canvas) -> Iterable[Problem]:
        """Problems of its files and options with that canvas; none where they fit. Asked before any weight is read."""
        del canvas
        return ()

    def init(self) -> Memory:
        """Memory before the first step."""
        return None

    @abstractmethod
    def step(
        self,
        denoise: Denoise,
        x: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        state: Memory,
        noise: StepNoise,
        jumped: bool,
    ) -> tuple[Tensor, Memory]:
        r"""Move from noise level :math:`t` (``here``) to :math:`s` (``there``), which is cleaner.

        Arguments:
            denoise: Estimates the clean image behind a state; asked once, or as the method says.
            x: States :math:`x_t`, shape (N, C, H, W), float32; not written to.
            here: Level t.
            there: Level s; sigma 0 at the clean end.
            state: What the last step returned; `init` before the first.
            noise: Unit normal noise on demand.
            jumped: True when a constraint or a climb moved ``x`` since the last step: forget history.

        Returns:
            :math:`x_s`, shaped as ``x``, and what to remember.
        """

    @final
    def bound_to(self, canvas: Canvas) -> Scheduler:
        """Scheduler that `bind` gives.

        Raises:
            PluginError: If that is no scheduler.
        """
        bound: object = self.bind(canvas)
        if not isinstance(bound, Scheduler):
            blamed(self, "bind", f"returns {article(bound)}, and must return a superpose.Scheduler")
        return bound

    def move(self, here: NoiseLevel, there: NoiseLevel, *, says_variance: bool = False) -> Move | None:
        """The step's weights, where it asks once and is affine in the clean image, with noise of purpose ``step``.

        Arguments:
            here: Level t.
            there: Level s.
            says_variance: Whether the network says something of the variance.

        Returns:
            None where the step is another, as it is here, or its noise depends on what the network says.
        """
        del here, there, says_variance
        return None

    def problems(self, learned_variance: LearnedVariance) -> Iterable[Problem]:
        """Problems with sampling a network of that learned variance; none where it can."""
        del learned_variance
        return ()


def combine(*pairs: tuple[float, Tensor]) -> Tensor:
    """The linear combination of ``(coefficient, tensor)`` pairs, as one new tensor: one pass over memory a pair."""
    (first, tensor), *rest = pairs
    total = tensor * first
    for coefficient, tensor in rest:
        total.add_(tensor, alpha=coefficient)
    return total
