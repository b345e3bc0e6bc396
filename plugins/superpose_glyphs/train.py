"""The command that trains the glyph network.

``python -m superpose_glyphs.train glyphs --data glyphs32.npz --state FOLDER`` trains, or goes on where the folder's
checkpoint ends; Ctrl-C leaves a checkpoint. ``--export FOLDER`` writes what the run has learned so far.
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

from superpose_glyphs.batches import Glyphs
from superpose_glyphs.log import Log
from superpose_glyphs.network import export
from superpose_glyphs.training import LEVELS, Plan, Training

DESCRIPTION = "Train the glyph network: DDPM with v-prediction, on one computer, resumable to the bit."


def train(training: Training, glyphs: Glyphs, folder: Path, *, every: float = 300.0) -> None:
    """Run a training to the end of its plan, or until it is told to stop (Ctrl-C, SIGTERM); both leave a checkpoint.

    Arguments:
        training: Where to go on.
        glyphs: What to train on.
        folder: Gets ``checkpoint.pt``, ``log.csv``, ``log.png`` and the averaged weights in ``weights/``.
        every: Seconds between checkpoints.
    """
    plan, log, told = training.plan, Log(folder / "log.csv", training.step), list[int]()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(name, lambda number, _: told.append(number)) for name in signals]
    saved = time.monotonic()
    while training.step < plan.steps and not told:
        batch = glyphs.batch(plan.seed, training.step, plan.batch, plan.unprompted, LEVELS)
        value = training.advance(batch)
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
    export(training.average, folder / "weights")
    log.write()


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(prog="superpose_glyphs.train", description=DESCRIPTION)
    parser.add_argument("model", choices=["glyphs"])
    parser.add_argument("--data", type=Path, help="npz file: images, labels, fonts, classes, font_names")
    parser.add_argument(
        "--state", type=Path, required=True, help="folder of the run; goes on where its checkpoint ends"
    )
    parser.add_argument("--resume", type=Path, help="go on from another checkpoint, under its own plan")
    parser.add_argument("--start", type=Path, help="begin a new plan with the weights of this checkpoint")
    parser.add_argument("--export", type=Path, help="write the averaged weights of the state to this folder, and end")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    for field in attrs.fields(Plan):
        if field.name != "first":
            option = "--" + field.name.replace("_", "-")
            parser.add_argument(option, type=type(field.default), help=f"of the plan; at first {field.default}")
    chosen = parser.parse_args(arguments)
    if chosen.data is None and chosen.export is None:
        parser.error("--data is needed to train")
    given: dict[str, Any] = {field.name: getattr(chosen, field.name, None) for field in attrs.fields(Plan)}
    numbers = {name: value for name, value in given.items() if value is not None}
    torch.set_num_threads(chosen.threads)

    chosen.state.mkdir(parents=True, exist_ok=True)
    own = chosen.state / "checkpoint.pt"
    if chosen.start is not None:
        training = Training.restart(chosen.start, Plan(**numbers))
    elif chosen.resume is not None or own.exists():
        training = Training.resume(chosen.resume or own, **numbers)
    else:
        training = Training.start(Plan(**numbers))
    if chosen.export is not None:
        export(training.average, chosen.export)
        return
    train(training, Glyphs.read(chosen.data, training.plan.hold_out)[0], chosen.state)


if __name__ == "__main__":
    main()
