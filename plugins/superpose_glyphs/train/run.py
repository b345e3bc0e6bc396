"""The command that trains the embedded models.

``python -m superpose_glyphs.train NAME --data glyphs32.npz --state FOLDER`` trains, or goes on where the folder's
checkpoint ends; Ctrl-C leaves a checkpoint. ``--export FOLDER`` writes what the run has learned so far. The data may be
a folder of your own images with a file ``labels.csv``, a row ``file,label`` for each.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import Any

import attrs
import torch

from superpose_glyphs.train.batches import Images
from superpose_glyphs.train.log import Log
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.tasks import TASKS
from superpose_glyphs.train.training import Training

DESCRIPTION = "Train one of the small embedded models, on one computer, resumable to the bit."


def train(training: Training, images: Images, folder: Path, *, every: float = 300.0) -> None:
    """Run a training to the end of its plan, or until it is told to stop (Ctrl-C, SIGTERM); both leave a checkpoint.

    Arguments:
        training: Where to go on.
        images: What to train on.
        folder: Gets ``checkpoint.pt``, ``log.csv``, ``log.png`` and the averaged weights in ``weights/``.
        every: Seconds between checkpoints.
    """
    plan, log, told = training.plan, Log(folder / "log.csv", training.step), list[int]()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(name, lambda number, _: told.append(number)) for name in signals]
    saved = time.monotonic()
    while training.step < plan.steps and not told:
        value = training.advance(images)
        log.add(training.step, value, plan.lr_at(training.step - 1), plan.batch)
        log.show(sys.stderr, training.step, plan.steps, plan.batch)
        if time.monotonic() - saved > every:
            _keep(training, log, folder)
            saved = time.monotonic()
    _keep(training, log, folder)
    for name, handler in zip(signals, before, strict=True):
        signal.signal(name, handler)


def _keep(training: Training, log: Log, folder: Path) -> None:
    training.save(folder / "checkpoint.pt")
    training.task.export(training.average, folder / "weights")
    log.write()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="superpose_glyphs.train", description=DESCRIPTION)
    parser.add_argument("model", choices=sorted(TASKS))
    parser.add_argument(
        "--data", type=Path, help="npz file of glyphs, a folder of images with a labels.csv, or one of pairs"
    )
    parser.add_argument(
        "--state", type=Path, required=True, help="folder of the run; goes on where its checkpoint ends"
    )
    parser.add_argument("--export", type=Path, help="write the averaged weights of the state to this folder, and end")
    parser.add_argument("--after", type=Path, help="weights of the training that it goes on from")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    for field in attrs.fields(Plan):
        if field.name != "first":
            option = "--" + field.name.replace("_", "-")
            parser.add_argument(option, type=type(field.default), help=f"of the plan; often {field.default}")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.data is None and chosen.export is None:
        parser.error("--data is needed to train")
    given: dict[str, Any] = {field.name: getattr(chosen, field.name, None) for field in attrs.fields(Plan)}
    numbers = {name: value for name, value in given.items() if value is not None}
    torch.set_num_threads(chosen.threads)
    task = TASKS[chosen.model]

    if chosen.after is not None and not task.follows:
        able = ", ".join(sorted(name for name, other in TASKS.items() if other.follows))
        parser.error(f"--after: {task.name} goes on from no other training, as {able} do; leave it out")
    checkpoint = chosen.state / "checkpoint.pt"
    resumed = Training.resume(checkpoint, **numbers) if checkpoint.exists() else None
    if resumed is not None and resumed.task.name != task.name:
        parser.error(f"{chosen.state} is a training of {resumed.task.name!r}; give {task.name!r} another --state")
    if chosen.export is not None:
        if resumed is None:
            parser.error(f"{checkpoint} is missing: train first")
        resumed.task.export(resumed.average, chosen.export)
        return
    plan = resumed.plan if resumed is not None else attrs.evolve(task.plan, **numbers)
    try:
        images = task.read(chosen.data, plan)
    except (OSError, ValueError) as error:
        parser.error(f"{chosen.data}: {error}")
    if resumed is not None and resumed.task.subject != images.subject:
        parser.error(f"{chosen.data} does not show what {chosen.state} was trained on; give it another --state")
    chosen.state.mkdir(parents=True, exist_ok=True)
    training = resumed or Training.start(task(images.subject, chosen.after), plan, images)
    train(training, images, chosen.state)
