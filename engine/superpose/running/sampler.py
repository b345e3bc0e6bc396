"""Batches of a run, sampled stage after stage, and their states on the disk, from which a killed run goes on."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.running.keeping import Batch, Keeper, batch_of, keep, saved
from superpose.running.swarms import of_replayed, of_swarms
from superpose.sampling.loop import State

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.media.png import Origin
    from superpose.running.assembly import Assembly
    from superpose.sampling.observer import Observer
    from superpose.sampling.swarm import Particles


@attrs.define
class Sampler:
    """Samples of a run, a batch at a time.

    Attributes:
        stages: What they are sampled by, in order.
        out: Folder of the run, where states are saved.
        run: Identity of the run.
        at_once: How many samples are carried together.
        resume: Whether to go on from a saved state.
        replayed: As of `Job`.
    """

    stages: Sequence[Assembly]
    out: Path
    run: str
    at_once: int
    resume: bool = False
    replayed: Origin | None = None

    def batches(self, samples: Sequence[int]) -> list[tuple[int, ...]]:
        """The samples that are carried together; a batch whose state is saved comes first, as it was."""
        size = self.at_once
        begun: tuple[int, ...] = ()
        for path in (self._state, self._pictures) if self.resume else ():
            batch = batch_of(path, self.run)
            if batch and len(batch.samples) <= size and set(batch.samples) <= set(samples):
                begun = batch.samples
                break
        rest = [k for k in samples if k not in begun]
        return [begun] * bool(begun) + [tuple(rest[first : first + size]) for first in range(0, len(rest), size)]

    def sampled(
        self,
        samples: tuple[int, ...],
        observers: Sequence[Observer],
        check: Callable[[], None] | None = None,
        *,
        last: bool = False,
    ) -> tuple[Callable[[], Tensor], Sequence[Mapping[str, Any]]]:
        """Sample a batch.

        Arguments:
            samples: Their numbers.
            observers: Shown every step.
            check: Called after every step; what it raises ends the run.
            last: Whether no batch comes after it: each stage is let go when it is done.

        Returns:
            What decodes the images, and what their origins say of the swarm of each.
        """
        stages, whole = [*self.stages], Batch(self.run, samples, 0)
        if last:
            self.stages = ()
        done = self._saved(self._pictures, whole, stages[0])
        low, particles = (done.x, done.particles) if done else (None, None)
        told = of_replayed(self.replayed) or of_swarms(stages[0].swarm(samples), particles)
        del stages[: done.step if done else 0]
        while True:
            stage = stages.pop(0)
            finish, of_stage = self._painted(stage, samples, low, observers, check)
            if particles is None:
                particles = of_stage
                told = told or of_swarms(stage.swarm(samples), particles)
            if not stages:
                return finish, told or [{}] * len(samples)
            low = finish()
            keep(State(stage.number + 1, low, particles=particles), self._pictures, whole)
            if last:
                del stage, finish
                gc.collect()  # what torch and libraries hang on a module may point back at it

    def forget(self, samples: tuple[int, ...] = ()) -> None:
        """Remove the states of a batch of these samples; without any, all states."""
        for path in (self._state, self._pictures):
            batch = batch_of(path, self.run) if samples else None
            if batch is None or batch.samples == samples:
                path.unlink(missing_ok=True)

    @property
    def _state(self) -> Path:
        return self.out / f".superpose-{self.run}.state.safetensors"

    @property
    def _pictures(self) -> Path:
        """The pictures of the last stage that was finished, as a state whose step is the number of the next stage."""
        return self.out / f".superpose-{self.run}.stage.safetensors"

    def _painted(
        self,
        stage: Assembly,
        samples: tuple[int, ...],
        low: Tensor | None,
        observers: Sequence[Observer],
        check: Callable[[], None] | None,
    ) -> tuple[Callable[[], Tensor], Particles | None]:
        replayed = self.replayed.lineage if self.replayed and not stage.number else ()
        trajectory = stage.trajectory(samples, low, [replayed] if replayed else ())
        batch = Batch(self.run, samples, stage.number)
        keeper = Keeper(self._state, batch, stage.scheduler, self._saved(self._state, batch, stage))

        def kept(state: State) -> None:
            keeper.keep(state)
            if check is not None:
                check()

        try:
            finish = trajectory.stepped([*observers], keeper.latest, keep=kept)
        except (KeyboardInterrupt, SystemExit):  # a signal: how programs turn SIGTERM into an exception
            keeper.save()
            raise
        return finish, keeper.latest.particles if keeper.latest else None

    def _saved(self, path: Path, batch: Batch, stage: Assembly) -> State | None:
        """The state to go on from; a run that was not asked to resume reads none."""
        return saved(path, batch, stage.scheduler, stage.predictor.device) if self.resume else None
