"""The one loop, and stepping by hand.

A trajectory is frozen; the state goes in and comes out of `Trajectory.step`, so a run can be stopped anywhere, saved,
loaded and gone on with, and is then the same run bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import torch

from superpose.errors import RecipeError, RunError
from superpose.estimate.ahead import Ahead
from superpose.estimate.batching import BatchedEvaluator
from superpose.estimate.blame import article, blamed, must_be_like
from superpose.estimate.on_canvas import OnCanvas
from superpose.estimate.prediction import with_gradient
from superpose.estimate.process import GaussianProcess
from superpose.levels.plan import Plan
from superpose.sampling.fitting import displaced, lacking, unread_noise, unweighed_steps
from superpose.sampling.noise import START, Drawn
from superpose.sampling.observer import Observer, Step, show
from superpose.sampling.population import Transition
from superpose.sampling.rule import Rule, edited_clean, judged, name_of, shaped, told, wrapped
from superpose.sampling.scheduler import Memory, Scheduler
from superpose.sampling.swarm import taken
from superpose.sampling.transition import follows_flow, log_ratio, reverses

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.memory import Remembered
    from superpose.estimate.prediction import Estimate
    from superpose.estimate.predictor import Conditioning, NoisePredictor
    from superpose.estimate.process import Process
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import NoiseSource
    from superpose.sampling.swarm import Particles, Swarm


@attrs.frozen(eq=False)
class State:
    """State of a trajectory.

    Attributes:
        step: Transitions made so far.
        x: States at level ``plan.level_of_state(step)``, shape (N, C, H, W), float32.
        memory: What the scheduler remembers.
        jumped: Whether a rule or a climb moved ``x`` since the scheduler's last step.
        clean: Last estimate of the clean image; None before the first.
        fired: (place of the rule, hook) of every hook that has fired.
        denoiser_memory: What denoisers remember.
        particles: Weights of the particles whose states these are, those of a sample one after the other; None where
            each is a sample.
    """

    step: int
    x: Tensor
    memory: Memory = None
    jumped: bool = False
    clean: Tensor | None = None
    fired: frozenset[tuple[int, str]] = frozenset()
    denoiser_memory: Remembered = ()
    particles: Particles | None = None


@attrs.frozen(eq=False)
class Trajectory:
    """A run of some samples, ready to be stepped.

    Attributes:
        denoiser: What the image shows.
        scheduler: How the state moves.
        plan: The levels it visits.
        noise: Where randomness comes from; it fixes which samples these are.
        rules: Bound constraints, in order.
        batch_size: Rows of a forward pass; see `BatchedEvaluator`.
        predictor: Whose states these are, to decode them at the end; None where states are pictures.
        conditioning: What the predictor lays beside the samples.
        others: What further networks on the same canvas are given with each sample.
        swarm: Weighs the particles of which several are carried for each sample; None where each row is a sample.
        checkpointing: Whether gradients work forward passes out again; see `BatchedEvaluator`.
    """

    denoiser: Denoiser
    scheduler: Scheduler
    plan: Plan
    noise: NoiseSource
    rules: Sequence[Rule] = ()
    batch_size: int | None = None
    predictor: NoisePredictor | None = None
    conditioning: Conditioning | None = None
    others: Mapping[NoisePredictor, Conditioning] = attrs.field(factory=dict)
    swarm: Swarm | None = None
    checkpointing: bool = False
    _evaluate: BatchedEvaluator = attrs.field(init=False)
    _told: tuple[Rule, ...] = attrs.field(init=False)
    _asked: Denoiser = attrs.field(init=False)
    _hooks: tuple[frozenset[str], ...] = attrs.field(init=False)
    _purposes: tuple[str, ...] = attrs.field(init=False)
    _shaped: NoiseSource = attrs.field(init=False)
    _flows: bool = attrs.Factory(lambda run: follows_flow(run.scheduler, run.plan.levels), takes_self=True)

    @_evaluate.default
    def _make_evaluator(self) -> BatchedEvaluator:
        laid = dict(self.others)
        if self.predictor is not None and self.conditioning is not None:
            asked = self.predictor.network if isinstance(self.predictor, OnCanvas) else self.predictor
            laid[asked] = self.conditioning
        return BatchedEvaluator(
            self.batch_size,
            {predictor: it.per_sample for predictor, it in laid.items()},
            checkpointing=self.checkpointing,
        )

    @_told.default
    def _tell_the_run(self) -> tuple[Rule, ...]:
        for rule in self.rules:
            if not isinstance(rule, Rule):
                raise RecipeError(
                    f"constraint {name_of(rule)} is not bound: give the trajectory constraint.bind(canvas), "
                    "or use superpose.trajectory, which binds"
                )
        return told(self.rules, self.plan, self.conditioning)

    @_asked.default
    def _wrap(self) -> Denoiser:
        asked = self.scheduler.wrap(wrapped(self.denoiser, self._told))
        weighed = self.swarm is not None and self.swarm.population.reads_dispersion
        return asked.with_dispersion() if weighed else asked

    @_hooks.default
    def _find_hooks(self) -> tuple[frozenset[str], ...]:
        return tuple(rule.hooks() for rule in self._told)

    @_purposes.default
    def _name_purposes(self) -> tuple[str, ...]:
        # Counted within a kind, so that adding a rule of another kind changes no number.
        kinds = [name_of(rule) for rule in self.rules]
        return tuple(f"{kind}.{kinds[:i].count(kind)}" for i, kind in enumerate(kinds))

    @_shaped.default
    def _shape_noise(self) -> NoiseSource:
        return shaped(self.noise, self._told)

    def __attrs_post_init__(self) -> None:
        """Refuse networks on one canvas that see more than the state."""
        for network, laid in self.others.items():
            if laid.channels is not None:
                raise RecipeError(
                    f"{type(network).__name__} lays channels beside the state, and is not the only network on its "
                    "canvas: the others would see them as well"
                )

    @property
    def _mover(self) -> int | None:
        """The place of the rule that makes the steps; None where the scheduler does."""
        return next(iter(self._with_hook("move")), None)

    @property
    def _process(self) -> Process:
        return GaussianProcess() if self.predictor is None else self.predictor.process

    @property
    def steps(self) -> int:
        """Number of transitions."""
        return self.plan.steps

    @torch.no_grad()
    def start(self) -> State:
        """The state before the first step: noise at the first level, as rules edit it."""
        noise = Drawn(self._shaped, START)
        x, memory = self.scheduler.begin(self._process, noise, self.plan.levels[0])
        particles = None if self.swarm is None else self.swarm.begun(x)
        state = State(0, x, memory, particles=particles)
        return self._edited(state, "start", START, lambda rule, x, noise: rule.start(x, self.plan, noise))

    @torch.no_grad()
    def step(self, state: State) -> State:
        """Make one transition.

        Raises:
            RunError: If the trajectory is at its end already.
        """
        index = state.step
        if index >= self.steps:
            raise RunError(f"the trajectory has {self.steps} steps and all are made: call finish(state)")
        here, there = self.plan.levels[index : index + 2]
        before, after = (self.plan.level_of_state(place) for place in (index, index + 1))
        estimate = None
        if self.plan.climbs(index):
            x = self._process.climb(state.x, here, there, Drawn(self._shaped, index))
            must_be_like(x, state.x, self._process, "climb")
            state = attrs.evolve(state, x=x, jumped=True, step=index + 1)
        else:
            state = self._edited(state, "before", index, lambda rule, x, noise: rule.before(x, before, noise))
            was = state.x
            state, estimate, first = self._descended(state, here, there)
        state = self._edited(state, "after", index, lambda rule, x, noise: rule.after(x, after, noise))
        if self.plan.optimises:
            state = attrs.evolve(state, clean=state.x)
        if self.swarm is None or estimate is None or not self.swarm.population.weighs(index, self.steps):
            return state
        made = Transition(index, self.steps, before, after, was, state.x, estimate)
        return self._weighed(state, self._retraced(made, first) if self.swarm.population.reads_steps else made)

    def _retraced(self, made: Transition, first: Estimate) -> Transition:
        """A transition with what it would have been without guidance, of the first estimate in it."""
        move = self.scheduler.move(made.here, made.there, says_variance=first.variance is not None)
        if move is None:
            raise RecipeError(unweighed_steps(self._swarmed.population, self.scheduler))
        noise = Drawn(self.noise, made.index)()
        ratio = log_ratio(move, noise, made.before, first.clean, made.after)
        return attrs.evolve(made, plain=first.clean, log_ratio=ratio)

    @torch.no_grad()
    def finish(self, state: State) -> Tensor:
        """The pictures of a state at the end of the plan, shape (N, C, H, W).

        Raises:
            RunError: If a hook that a rule declares never fired, or the weights of particles are no numbers.
        """
        rows = slice(None) if state.particles is None else self._swarmed.picked(state.particles)
        drawn = self.scheduler.pictures(state.memory)
        image = self._decoded(state.x[rows]) if drawn is None else drawn[rows]
        for rule, hooks in zip(self._told, self._hooks, strict=True):
            if "finish" in hooks:
                finished = rule.finish(image)
                must_be_like(finished, image, rule, "finish")
                image = finished
        for i, hooks in enumerate(self._hooks):
            fired = {hook for place, hook in state.fired if place == i}
            if silent := sorted(hooks - fired - {"plan", "wrap", "shape_noise", "finish"}):
                kind = self._purposes[i].rpartition(".")[0]
                raise RunError(
                    f"constraint {i} ({kind}) declares {', '.join(silent)}, which never fired in "
                    f"{self.steps} steps: the plan gave it no occasion"
                )
        return image

    def run(
        self,
        observers: Iterable[Observer] = (),
        state: State | None = None,
        keep: Callable[[State], None] | None = None,
    ) -> Tensor:
        """Step from ``state`` (or the start) to the end.

        Arguments:
            observers: Shown every step.
            state: Where to go on from.
            keep: Given every new state, to save one now and then.

        Returns:
            The images, shape (N, C, H, W); where an observer said stop, the clean images as they were then. Of several
            particles observers see the heaviest.
        """
        return self.stepped(observers, state, keep)()

    def stepped(
        self,
        observers: Iterable[Observer] = (),
        state: State | None = None,
        keep: Callable[[State], None] | None = None,
    ) -> Callable[[], Tensor]:
        """Step as `run` does; the images are decoded when what this returns is called, in whichever thread."""
        watching = list(observers)
        state = self.start() if state is None else state
        while state.step < self.steps:
            state = self.step(state)
            if keep is not None:
                keep(state)
            here, there = self.plan.levels[state.step - 1 : state.step + 1]
            seen = Step(state.step - 1, self.steps, here, there, *self._leading(state))
            if show(watching, seen) and seen.clean is not None:
                return partial(self._decoded, seen.clean)
        return partial(self.finish, state)

    @torch.no_grad()
    def _decoded(self, x: Tensor) -> Tensor:
        if self.predictor is None:
            return x
        # One at a time: a picture's bits do not depend on its neighbours, nor the memory on how many there are.
        return torch.cat([self.predictor.decode(state) for state in x.split(1)])

    @property
    def _swarmed(self) -> Swarm:
        if self.swarm is None:
            raise RunError("this state has several particles a sample, and the trajectory has no population")
        return self.swarm

    @torch.no_grad()
    def _weighed(self, state: State, made: Transition) -> State:
        """The state after particles have been weighed, and light ones replaced by copies of heavy ones."""
        if state.particles is None:
            raise RunError("this state has no particles, and the trajectory has a population: begin with start()")
        particles, rows = self._swarmed.weighed(state.particles, made)
        parts = taken((state.x, state.clean, state.memory, state.denoiser_memory), rows)
        x, clean, memory, remembered = parts
        return attrs.evolve(state, x=x, clean=clean, memory=memory, denoiser_memory=remembered, particles=particles)

    def _leading(self, state: State) -> tuple[Tensor, Tensor | None]:
        """States and clean images of one row a sample."""
        if state.particles is None:
            return state.x, state.clean
        rows = self._swarmed.leading(state.particles)
        return state.x[rows], None if state.clean is None else state.clean[rows]

    def _seen(self, x: Tensor) -> Tensor:
        if self.conditioning is None or self.conditioning.channels is None:
            return x
        return torch.cat((x, self.conditioning.channels), 1)

    def _descended(self, state: State, here: NoiseLevel, there: NoiseLevel) -> tuple[State, Any, Any]:
        """The state after a step, the last estimate that it was made by, and the first as it was said."""
        index, jumped, fired = state.step, False, set(state.fired)
        made_by: Estimate | None = None
        step, remembered = self.plan.step_info(index), state.denoiser_memory
        said: list[Estimate] = []
        mover, ahead = self._mover, partial(self._ahead, index, here, there)

        def denoise(x: Tensor, level: NoiseLevel) -> Estimate:
            nonlocal made_by, jumped, remembered
            level_in_step = level.asked_in(step)
            estimate, remembered = self._evaluate.remembering(
                self._asked, self._seen(x), level_in_step, remembered, ahead
            )
            if estimate.displacement is not None and self.plan.optimises:
                raise RecipeError(displaced(self.scheduler))
            said.append(estimate)
            if mover is not None or not self.scheduler.applies_gradient:
                estimate = with_gradient(estimate, level)
            if estimate.renoise is not None and mover is not None:
                raise RecipeError(unread_noise(self._told[mover]))
            if estimate.renoise is not None and not self.scheduler.renoises:
                raise RecipeError(lacking("what is sampled", self.scheduler, "renoising"))
            for i in self._with_hook("on_clean"):
                estimate, rule_jumped = edited_clean(estimate, self._told[i], level)
                jumped = jumped or rule_jumped
                fired.add((i, "on_clean"))
            made_by = estimate
            return estimate

        if mover is not None:
            rule, memory = self._told[mover], state.memory
            x = rule.move(denoise, state.x, here, there, Drawn(self.noise, index, f"{self._purposes[mover]}:"))
            must_be_like(x, state.x, rule, "move")
            fired.add((mover, "move"))
        else:
            noise = Drawn(self._shaped, index)
            made: object = self.scheduler.step(denoise, state.x, here, there, state.memory, noise, state.jumped)
            # Of two samples a tensor alone could be unpacked as well, and would pass for a state and a memory.
            if not isinstance(made, tuple) or len(made) != 2:
                blamed(self.scheduler, "step", f"returns {article(made)}, and must return the pair (x, state)")
            x, memory = made
            must_be_like(x, state.x, self.scheduler, "step")
        first = said[0] if said else None
        if first is not None and first.displacement is not None:
            x = x + first.displacement
        clean = state.clean if made_by is None else made_by.clean
        reached = State(index + 1, x, memory, jumped, clean, frozenset(fired), remembered, state.particles)
        return reached, made_by, first

    def _ahead(self, index: int, here: NoiseLevel, there: NoiseLevel) -> Ahead:
        """The step that its estimates are for."""
        move = None if self._mover is not None else self.scheduler.move(here, there)
        edited = bool(self._with_hook("on_clean"))
        return Ahead(move, reverses(move, here, there), Drawn(self.noise, index), not edited, self._flows)

    def _with_hook(self, hook: str) -> list[int]:
        """Places of the rules that have a hook."""
        return [i for i, hooks in enumerate(self._hooks) if hook in hooks]

    def _edited(self, state: State, hook: str, index: int, call: Any) -> State:
        for i in self._with_hook(hook):
            rule = self._told[i]
            made = call(rule, state.x, Drawn(self.noise, index, f"{self._purposes[i]}:"))
            edit = judged(made, state.x, rule, hook)
            jumped, fired = state.jumped or edit.jumped, state.fired | {(i, hook)}
            state = attrs.evolve(state, x=edit.value, jumped=jumped, fired=fired)
        return state


@torch.no_grad()
def conditioning_of(predictor: NoisePredictor, noise: NoiseSource, low: Tensor | None = None) -> Conditioning | None:
    """Channels beside the samples that ``noise`` is of; ``low`` are their pictures at the stage before."""
    return predictor.conditioning(low, Drawn(noise, START, "beside:"))
