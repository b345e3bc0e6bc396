"""The process that carries a task out: ``python -m superpose.running.service.worker``; it tells events on its output.

It ends when its input does: whoever started it is gone then. What it has made stays, and the next worker goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superpose.errors import RunError, SuperposeError, notices
from superpose.running.lock import locked
from superpose.running.service.screening import Bounds, screened

if TYPE_CHECKING:
    from superpose.sampling.observer import Step

#: Seconds that a worker before may take to save its state, and between two events of steps.
PATIENCE, PAUSE = 60.0, 0.5


def tell(event: str, **more: Any) -> None:
    """Print an event as a line of JSON."""
    print(json.dumps({"event": event, **more}), flush=True)  # noqa: T201  (its output is what it is for)


class Steps:
    """Observer that tells how far a run is, now and then."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.told = total, 0, 0.0

    def see(self, step: Step) -> None:
        """Count a step."""
        del step
        self.done += 1
        if self.done == self.total or time.monotonic() - self.told > PAUSE:
            self.told = time.monotonic()
            tell("step", done=self.done, total=self.total)


def carry_out(folder: Path, bounds: Bounds, folders: tuple[Path, ...], device: str) -> None:
    """Make the images of the recipe in a task's folder, beside those that are there."""
    from superpose.running.inspection import inspect
    from superpose.running.job import Job

    recipe = screened((folder / "recipe.toml").read_text(encoding="utf-8"), bounds, folders)
    inspect(recipe)
    out = folder / "images"
    out.mkdir(exist_ok=True)
    _wait_for(out)
    with Job.of(recipe, out, device=device, resume=True) as job:
        tell("started", samples=recipe.run.samples, pending=len(job.pending), steps=job.steps)
        for _ in job.make_pending([Steps(job.steps)], lambda path: tell("image", name=path.name)):
            pass
        outcome = job.close()
        tell("made", images=[path.name for path in outcome.images], sheets=[path.name for path in outcome.sheets])


def _wait_for(out: Path) -> None:
    """Wait until nobody writes into a folder: a worker whose service was killed saves its state still."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with locked(out):
                return
        except RunError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _end_with_input() -> None:
    """Stop as by SIGTERM when standard input ends."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _stop(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the second must not stop the saving
    raise KeyboardInterrupt


def main(argv: list[str] | None = None) -> int:
    """Carry out one task.

    Returns:
        0 where its images are made, 1 where something failed on the way, 2 for a recipe that is wrong, 3 when stopped.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--allow", type=Path, action="append", default=[])
    chosen = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _stop)
    _end_with_input()
    try:
        with notices(lambda news: tell("note", text=str(news))):
            bounds = Bounds(samples=chosen.samples, rows=chosen.rows)
            carry_out(chosen.folder, bounds, tuple(chosen.allow), chosen.device)
    except KeyboardInterrupt:
        return 3
    except SuperposeError as error:
        tell("wrong", errors=list(map(str, error.lines)))
        return 1 if isinstance(error, RunError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
