r"""Optimisers: schedulers whose steps are gradient steps on the image itself.

There is no trajectory through noise: the state is a clean image from the first step to the last. Each step noises it to
a level of its own, asks what the network thinks of it there, and moves the image along a `Gradient`:

.. math:: x_t = \alpha_t x + \sigma_t \epsilon, \qquad x \leftarrow x - \eta\, g(x, x_t)

Score distillation (arXiv 2209.14988) leaves the network's Jacobian out of g, so that a step costs one forward pass, as
that of any scheduler does, and no network needs to be differentiable.

What is moved may also be the parameters of a `Renderer`, to which the gradient is pulled back: the state is what it
draws then.

Noise levels are of the plan, and the same for all samples: a network is asked at one level at a time. Scales of the
state differ between processes; weights are those of preserved variance, :math:`\alpha^2 + \sigma^2 = 1`, which every
level is brought to first.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, final

import attrs

from superpose.errors import RecipeError, RunError
from superpose.estimate.blame import must_be_like
from superpose.estimate.noised import Noised
from superpose.estimate.problem import Problem, problems_of, refuse
from superpose.estimate.renderer import Renderer
from superpose.kinds.kind import option
from superpose.levels.noise_level import NoiseLevel
from superpose.levels.plan import Plan
from superpose.sampling.rendered import Encoded, Rendered
from superpose.sampling.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from superpose.estimate.canvas import Canvas
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.prediction import Estimate
    from superpose.estimate.process import Process
    from superpose.levels.noise_level import Schedule
    from superpose.sampling.noise import StepNoise
    from superpose.sampling.scheduler import Denoise, Memory

#: Estimates what is behind clean images, noised by unit noise to a level: ``look(images, noise, level)``.
Look = Callable[["Tensor", "Tensor", "NoiseLevel"], "Estimate"]
#: Fraction of the golden ratio: multiples of it, modulo 1, leave no gap anywhere for long.
GOLDEN = (math.sqrt(5) - 1) / 2
#: Decay of Adam's means (arXiv 1412.6980), and what keeps it from dividing by zero.
BETAS, LEAST = (0.9, 0.999), 1e-8


class Gradient(ABC):
    """Gradient that steps follow, with all at hand that it needs: an `Optimiser` bound to a canvas.

    What it remembers goes in and comes out, as a scheduler's memory does: tensors, numbers and tuples of them.

    Attributes:
        images: Clean images that it asks about at once, one after the other in channels; its `wrap` knows what to do
            with more than one.
    """

    images: ClassVar[int] = 1

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that it asks instead: see `Scheduler.wrap`."""
        return denoiser

    def start(self, noise: Tensor) -> Tensor:
        """The images before the first step, shaped as ``noise``, which is as deviant as the options say."""
        return noise

    def init(self) -> Memory:
        """What it remembers before the first step."""
        return None

    @abstractmethod
    def of(
        self, look: Look, image: Tensor, level: NoiseLevel, noise: StepNoise, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """The gradient with respect to clean images.

        Arguments:
            look: Noises clean images to a level by given noise, and estimates the clean image behind them.
            image: Clean images, shape (N, C, H, W), float32; not written to.
            level: The noise level of this step.
            noise: Unit normal noise on demand.
            memory: What it remembered; `init` before the first step.

        Returns:
            What descends, shaped as ``image``, of each from that image alone; and what to remember.
        """


@attrs.frozen(kw_only=True)
class Optimiser(Scheduler, ABC):
    """A scheduler whose steps are gradient steps. Kinds say what is followed, in `gradient`; the rest is here."""

    steps: int = option(200, doc="number of gradient steps", ge=1)
    rate: float = option(
        0.3, doc="learning rate: of SGD what a gradient is multiplied by, of Adam how far it goes", gt=0
    )
    method: str = option("sgd", doc="how a gradient becomes a step", choices=("sgd", "adam"))
    visits: str = option(
        "falling",
        doc="the levels in order: from the noisiest to the cleanest, or scattered evenly from the first step on",
        choices=("falling", "scattered"),
    )
    highest: float = option(0.98, doc="the noisiest level, as a share of the trained time", gt=0, le=1)
    lowest: float = option(0.02, doc="the cleanest level, as a share of the trained time", ge=0, lt=1)
    timesteps: tuple[float, ...] = option((), doc="times to ask at, in order; replaces all of these", ge=0, each=True)
    alpha_power: float = option(0.0, doc="a in the weight alpha^a sigma^b of a level, at preserved variance")
    sigma_power: float = option(2.0, doc="b in the weight alpha^a sigma^b of a level, at preserved variance")
    spread: float = option(0.1, doc="deviation of the noise around grey that the image starts as", ge=0)
    renderer: Renderer | None = option(
        None, doc="what draws the image, whose parameters the steps move: a table with its kind; the pixels if absent"
    )

    @abstractmethod
    def gradient(self, canvas: Canvas) -> Gradient:
        """The gradient that is followed, with files read, as tensors on the canvas's device."""

    @property
    def begun(self) -> str:
        """The option that says which picture the first step begins at; empty where none does."""
        return ""

    def picture(self, canvas: Canvas) -> Tensor | None:
        """The picture that `begun` names, shape (*canvas.image_shape); None where none does.

        Asked where a renderer draws for a model of latents; elsewhere `Gradient.start` says how the state begins.
        """
        del canvas
        return None

    @property
    def stochastic(self) -> bool:
        """Images are noised anew at every step."""
        return True

    @property
    def renders(self) -> bool:
        """True where a renderer draws the images."""
        return self.renderer is not None

    def canvas_problems(self, canvas: Canvas) -> Iterator[Problem]:
        """A renderer that can't draw the images of that canvas, or not begin where the options say."""
        if self.renderer is None:
            return
        name = self.renderer.kind
        if self.begun and not self.renderer.begins:
            what = f"{name} begins with parameters of its own, and {self.kind} is to begin at {self.begun}"
            yield Problem("renderer", what, "leave one of them out")
        if canvas.shape != canvas.image_shape and self.begun and type(self).picture is Optimiser.picture:
            what = f"{self.kind} is to begin at {self.begun}, and says no picture of it for a model of latents"
            yield Problem("renderer", what, "use a model of pixels, or leave the renderer out")
        for problem in problems_of(self.renderer.problems, canvas.each_image_shape):
            yield problem.inside("renderer")

    @property
    def single_step(self) -> bool:
        """Adam goes by the steps before."""
        return self.method == "sgd"

    def plan(self, schedule: Schedule) -> Plan:
        """The levels to ask at.

        Raises:
            RecipeError: If one of them has no noise, so that nothing can be said of it.
        """
        if not self.timesteps and not self.lowest < self.highest:
            raise RecipeError(f"lowest must be below highest, got {self.lowest:g} and {self.highest:g}")
        last = schedule.steps - 1
        times = self.timesteps or [last * share for share in self._shares()]
        try:
            levels = [schedule.level(0, time) for time in times]
        except ValueError as error:
            raise RecipeError(f"timesteps: {error}") from error
        if silent := next((level for level in levels if not level.sigma > 0), None):
            raise RecipeError(
                f"there is no noise at time {silent.t:g}: an image is asked about with some; raise lowest"
            )
        return Plan.of([*levels, NoiseLevel(0, -1.0, 1.0, 0.0)], optimises=True)

    def _shares(self) -> list[float]:
        """Shares of the trained time, one a step."""
        width = self.highest - self.lowest
        if self.visits == "falling":
            return [self.highest - width * (i + 0.5) / self.steps for i in range(self.steps)]
        return [self.lowest + width * ((i + 0.5) * GOLDEN % 1.0) for i in range(self.steps)]

    def weight(self, level: NoiseLevel) -> float:
        """Weight of a level."""
        return float((level.alpha / level.prior) ** self.alpha_power * (level.sigma / level.prior) ** self.sigma_power)

    @final
    def bind(self, canvas: Canvas) -> Scheduler:
        """The steps, for that canvas."""
        refuse(Optimiser.canvas_problems(self, canvas))
        drawn = None
        if self.renderer is not None:
            drawn = Rendered(
                self.renderer.bound_to(canvas.each_image_shape, canvas.device), canvas.count, self._encoded(canvas)
            )
        return Descent(self, self.gradient(canvas), canvas.shape[0], drawn)

    def _encoded(self, canvas: Canvas) -> Encoded | None:
        if canvas.shape == canvas.image_shape:
            return None
        if canvas.predictor is None:
            raise AssertionError("bound with a network only")
        if not canvas.predictor.differentiable:
            raise RecipeError(
                "a renderer of a model of latents needs an encoder that torch can differentiate, and this model's is "
                "not: leave the renderer out"
            )
        return Encoded(canvas.predictor.encode, canvas.image_shape, self.picture(canvas))

    @final
    def step(self, *_: object, **__: object) -> NoReturn:
        """Refuse: what is followed is known once it is bound.

        Raises:
            RunError: Always.
        """
        raise RunError(f"{self.kind} is not bound: use superpose.trajectory, which binds, or scheduler.bind(canvas)")


class Descended(NamedTuple):
    """Memory of gradient steps. Tensors are of what is moved: the images, or parameters, each with a row a sample.

    Attributes:
        made: Steps since there is a history.
        means: Means of gradients; none where the method keeps none.
        squares: Means of their squares; none likewise.
        followed: What the gradient remembers.
        parameters: Those of the renderer; none where there is none.
    """

    made: int
    means: tuple[Tensor, ...]
    squares: tuple[Tensor, ...]
    followed: Any
    parameters: tuple[Tensor, ...] = ()


@final
@attrs.frozen(eq=False)
class Descent(Scheduler):
    """Gradient steps on clean images: an `Optimiser` bound to what is painted on.

    Attributes:
        options: The optimiser.
        gradient: What it follows.
        channels: Of one state.
        drawn: Draws the images; None where these are moved themselves.
    """

    memory: ClassVar[type | None] = Descended
    options: Optimiser
    gradient: Gradient
    channels: int
    drawn: Rendered | None = None
    kind: str = attrs.field(init=False)  # type: ignore[misc]  # that of its options

    @kind.default
    def _kind_of_options(self) -> str:
        return self.options.kind

    @property
    def stochastic(self) -> bool:
        """As the optimiser."""
        return self.options.stochastic

    @property
    def single_step(self) -> bool:
        """As the optimiser."""
        return self.options.single_step

    @property
    def renders(self) -> bool:
        """As the optimiser."""
        return self.options.renders

    def plan(self, schedule: Schedule) -> Plan:
        """The levels to ask at."""
        return self.options.plan(schedule)

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that the gradient asks."""
        return Noised(self.gradient.wrap(denoiser), self.channels, self.gradient.images)

    def start(self, process: Process, noise: StepNoise, level: NoiseLevel) -> Tensor:
        """Clean images to begin with."""
        return self.begin(process, noise, level)[0]

    def begin(self, process: Process, noise: StepNoise, level: NoiseLevel) -> tuple[Tensor, Memory]:
        """Clean images to begin with, and the parameters that they are drawn with."""
        del process, level
        image = self.gradient.start(noise("start") * self.options.spread)
        if self.drawn is None:
            return image, self.init()
        pictures = self.drawn.begun(image, noise, self.options.spread)
        parameters = self.drawn.parameters(pictures, noise("renderer"))
        return self.drawn.images(parameters, image), self.init()._replace(parameters=parameters)

    def pictures(self, memory: Memory) -> Tensor | None:
        """What the renderer draws, where states are its latents."""
        return None if self.drawn is None else self.drawn.pictures(memory.parameters)

    def init(self) -> Descended:
        """No history."""
        return Descended(0, (), (), self.gradient.init())

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
        """Ask at ``here``, and move the clean images ``x`` down the gradient, or the parameters of their renderer."""
        import torch

        del there

        def look(images: Tensor, added: Tensor, level: NoiseLevel) -> Estimate:
            return denoise(torch.cat((images, added), 1), level)

        slope, followed = self.gradient.of(look, x, here, noise, state.followed)
        must_be_like(slope, x, self.gradient, "of")
        before = state._replace(made=0, means=(), squares=()) if jumped else state
        before = before._replace(followed=followed)
        if self.drawn is None:
            [image], after = self._moved((x,), (slope,), before)
            return image, after
        moved, after = self._moved(before.parameters, self.drawn.slopes(before.parameters, slope), before)
        return self.drawn.images(moved, x), after._replace(parameters=moved)

    def _moved(
        self, values: tuple[Tensor, ...], slopes: tuple[Tensor, ...], before: Descended
    ) -> tuple[tuple[Tensor, ...], Descended]:
        """Values a step further, and the memory of it."""
        count, rate = before.made + 1, self.options.rate
        if self.options.method == "sgd":
            moved = tuple(value.sub(slope, alpha=rate) for value, slope in zip(values, slopes, strict=True))
            return moved, before._replace(made=count)
        first, second = BETAS
        means = _averaged(before.means, slopes, first)
        squares = _averaged(before.squares, tuple(slope.square() for slope in slopes), second)
        sizes = [(square / (1 - second**count)).sqrt_().add_(LEAST) for square in squares]
        each = zip(values, means, sizes, strict=True)
        moved = tuple(value.addcdiv(mean, size, value=-rate / (1 - first**count)) for value, mean, size in each)
        return moved, before._replace(made=count, means=means, squares=squares)


def _averaged(before: tuple[Tensor, ...], values: tuple[Tensor, ...], decay: float) -> tuple[Tensor, ...]:
    """Running means with one value more each."""
    new = tuple(value * (1 - decay) for value in values)
    if not before:
        return new
    return tuple(value.add_(mean, alpha=decay) for value, mean in zip(new, before, strict=True))
