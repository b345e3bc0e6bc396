"""The work of a sweep: one job after another, in whatever process an executor does it."""

from __future__ import annotations

import errno
import json
import os
import socket
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RunError
from superpose.estimate.classifier import Classifier
from superpose.estimate.model import Model
from superpose.estimate.shared_work import SharedWork
from superpose.recipe import loads
from superpose.running.album import scale_of
from superpose.running.composition import compose_of
from superpose.running.job import Job
from superpose.running.machine import chosen_device
from superpose.running.networks import Networks
from superpose.running.record import Record, write_recipe
from superpose.running.sweep.folder import JobRecord, SweepFolder
from superpose.running.threads import threads

if TYPE_CHECKING:
    from superpose.recipe import Recipe

#: Errors of a disk, which the next job would meet as well.
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}

#: The networks of this process, which the next job may need as well.
_networks: Networks | None = None


@attrs.frozen
class Order:
    """An order to do a job, as it travels to a worker.

    Attributes:
        folder: Folder of the sweep.
        job: Identity of the job.
        recipe: What is made, as in the plan.
        samples: Numbers of the samples.
        device: The device that was asked for.
        stages: Costs of each stage, for its account.
        collect: Whether the files travel back in the report, as of a machine that does not see the folder.
    """

    folder: str
    job: str
    recipe: str
    samples: Sequence[int]
    device: str
    stages: Sequence[Mapping[str, int]]
    collect: bool = False

    def to_json(self) -> str:
        """This order as text."""
        return json.dumps(attrs.asdict(self))


def work(text: str) -> str:
    """Carry out an order, unless what it asks for is there already.

    Arguments:
        text: An `Order` as JSON.

    Returns:
        JSON: ``how`` the job was published, or its ``files`` in base 64; ``disk`` says why the disk takes nothing more.
    """
    order = Order(**json.loads(text))
    try:
        return json.dumps(_collected(order) if order.collect else _published(order))
    except (RunError, OSError) as error:
        if not of_disk(error):
            raise
        return json.dumps({"disk": str(error)})


def _published(order: Order) -> dict[str, Any]:
    folder = SweepFolder(Path(order.folder))
    with folder.held():
        if folder.finished(order.job, read=True) is not None:
            return {"how": "there"}
        return _made(order, folder)


def _collected(order: Order) -> dict[str, Any]:
    """A job that is made on the disk of this machine, and taken from there."""
    with TemporaryDirectory(prefix="superpose-") as place:
        folder = SweepFolder(Path(place))
        made = _made(order, folder)
        files = {path.name: b64encode(path.read_bytes()).decode() for path in folder.job(order.job).iterdir()}
        return {"files": files, "seconds": made["seconds"]}


def _made(order: Order, folder: SweepFolder) -> dict[str, Any]:
    recipe = loads(order.recipe, name=order.job)
    device = chosen_device(recipe.run.device if order.device == "auto" else order.device)
    with folder.draft(order.job) as draft:
        with threads(recipe.run.threads):
            composition = compose_of(recipe, _kept(recipe, device))
        job = Job.begun(recipe, composition, draft)
        images = dict(zip(order.samples, job.make(order.samples), strict=True))
        account = Record.of(
            job.origin(0),
            job.run,
            images,
            sheets=(),
            made=len(images),
            seconds=round(job.seconds, 3),
            scale=scale_of(recipe),
            stages=tuple(order.stages),
        )
        account.write(draft)
        write_recipe(recipe, composition.batch_size, draft, SweepFolder(Path(order.folder)).job(order.job))
        done = JobRecord(
            job=order.job,
            images=account.images,
            samples=order.samples,
            seconds=account.seconds,
            device=account.device,
            worker=f"{socket.gethostname()}:{os.getpid()}",
        )
        return {"how": folder.publish(draft, done), "seconds": job.seconds, "draft": draft.name}


def _kept(recipe: Recipe, device: str) -> Networks:
    """The networks that are there already, without those that a recipe does not need."""
    global _networks  # noqa: PLW0603  (a worker does one job at a time, and its networks outlive it)
    if _networks is None or not _networks.serve(recipe.run, device):
        _networks = Networks(recipe.run, device, shared=SharedWork())
    _networks.forget({kind for kind in recipe.kinds() if isinstance(kind, Model | Classifier)})
    return _networks


def of_disk(error: BaseException | None) -> bool:
    """True where the disk is full, or can't be written at all."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK:
            return True
        error = error.__cause__
    return False
