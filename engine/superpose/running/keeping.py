"""States of a batch on the way: saved now and then and when a run is stopped, read when it goes on."""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path

import attrs
import torch

from superpose.errors import Notice, RecipeError, RunError
from superpose.sampling.loop import State
from superpose.sampling.saved_state import load_state, save_state
from superpose.sampling.scheduler import Scheduler

#: Seconds between two savings of a state that is under way.
SAVE_EVERY = 20.0


@attrs.frozen
class Batch:
    """Samples that are carried together, at a stage of a run.

    Attributes:
        run: Identity of the run.
        samples: Numbers of the samples.
        stage: Number of the stage.
    """

    run: str
    samples: tuple[int, ...]
    stage: int

    def text(self) -> str:
        """This batch as a saved state tells what it belongs to."""
        return json.dumps([self.run, self.samples, self.stage])


def saved(path: Path, batch: Batch, scheduler: Scheduler, device: torch.device) -> State | None:
    """The state of just this batch; None where there is none that is whole."""
    if not path.is_file():
        return None
    try:
        state, about = load_state(path, scheduler, device)
    except RecipeError as error:
        warnings.warn(f"{error}; its batch is begun again", Notice, stacklevel=2)
        return None
    return state if about == batch.text() else None


def batch_of(path: Path, run: str) -> Batch | None:
    """The batch that the state in a file belongs to, where it is one of this run."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            name, samples, stage = json.loads((file.metadata() or {})["about"])
            batch = Batch(name, tuple(map(int, samples)), int(stage))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return batch if batch.run == run else None


def keep(state: State, path: Path, batch: Batch, scheduler: Scheduler | None = None, *, told: bool = False) -> bool:
    """Save a state; where it can't be saved, say so: a run without one is whole, only not to be gone on with.

    Arguments:
        scheduler: Whose memory the state has.
        told: Whether this has been said before.

    Returns:
        Whether it is saved.
    """
    try:
        save_state(state, path, about=batch.text(), scheduler=scheduler)
    except RunError as error:
        if not told:
            why = f"the steps of this batch are not saved, and a kill would lose them: {error}"
            warnings.warn(why, Notice, stacklevel=2)
        return False
    return True


class Keeper:
    """Saves the state now and then, so that a long batch that is killed need not begin again."""

    def __init__(
        self, path: Path, batch: Batch, scheduler: Scheduler | None = None, latest: State | None = None
    ) -> None:
        self.path, self.batch, self.scheduler, self.latest = path, batch, scheduler, latest
        self.saved = time.monotonic()
        self.failed = False

    def keep(self, state: State) -> None:
        """Take note of a state, and save it when it is time."""
        self.latest = state
        if time.monotonic() - self.saved > SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Save the last state."""
        if self.latest is not None:
            self.failed = not keep(self.latest, self.path, self.batch, self.scheduler, told=self.failed)
        self.saved = time.monotonic()
