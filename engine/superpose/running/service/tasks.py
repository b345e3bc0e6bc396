"""Tasks in a folder: the queue that survives, one folder a task.

``task.json`` is replaced whole, so that a task that was being changed when the power went is as before or as after.
``events.jsonl`` is written line by line; half a line at its end is nobody's.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from superpose.media.writing import write_text

State: TypeAlias = Literal["queued", "running", "finished", "failed", "cancelled"]
#: States that no task leaves.
ENDED = ("finished", "failed", "cancelled")

_ID = re.compile(r"[0-9a-f]{16}")
_IMAGE = re.compile(r"\d{4,}\.png|sheet(?:-\d+)?\.png")


@attrs.frozen
class Task:
    """A recipe that was sent.

    Attributes:
        id: Its name, which nobody guesses.
        number: Its place in the order of arrival.
        state: How far it is.
        samples: Number of samples that it asks for.
        errors: Why it failed, one mistake a line.
    """

    id: str
    number: int
    state: State
    samples: int
    errors: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """True where nothing more will happen to it."""
        return self.state in ENDED


@attrs.frozen
class Tasks:
    """The tasks of a service, in a folder that is its own."""

    root: Path

    def add(self, recipe: str, samples: int) -> Task:
        """Keep a recipe, at the end of the queue."""
        task = Task(secrets.token_hex(8), max((it.number for it in self), default=0) + 1, "queued", samples)
        folder = self.folder(task.id)
        folder.mkdir(parents=True)
        write_text(recipe, folder / "recipe.toml")
        self.tell(task.id, {"event": "queued"})
        self.keep(task)  # last: a folder without it is no task
        return task

    def keep(self, task: Task) -> None:
        """Replace what is known of a task."""
        write_text(json.dumps(attrs.asdict(task)) + "\n", self.folder(task.id) / "task.json")

    def get(self, name: str) -> Task | None:
        """The task of that name; None where there is none."""
        if not _ID.fullmatch(name):
            return None
        try:
            known = json.loads((self.folder(name) / "task.json").read_text(encoding="utf-8"))
        except OSError:
            return None
        return Task(**known | {"errors": tuple(known["errors"])})

    def __iter__(self) -> Iterator[Task]:
        """All tasks, in the order of arrival."""
        names = [path.name for path in self.root.iterdir()] if self.root.is_dir() else []
        return iter(sorted((task for name in names if (task := self.get(name))), key=lambda task: task.number))

    def folder(self, name: str) -> Path:
        """Where all of a task is."""
        return self.root / name

    def recipe(self, task: Task) -> str:
        """The recipe of a task, as it was sent."""
        return (self.folder(task.id) / "recipe.toml").read_text(encoding="utf-8")

    def images(self, task: Task) -> list[str]:
        """Names of the images and sheets that are finished."""
        folder = self.folder(task.id) / "images"
        return sorted(path.name for path in folder.iterdir() if _IMAGE.fullmatch(path.name)) if folder.is_dir() else []

    def image(self, task: Task, name: str) -> Path | None:
        """The file of an image; None where it is none of the task's."""
        return self.folder(task.id) / "images" / name if name in self.images(task) else None

    def tell(self, name: str, event: Mapping[str, Any]) -> None:
        """Add an event to what has happened to a task."""
        line = json.dumps({"time": round(time.time(), 3), **event}) + "\n"
        with (self.folder(name) / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)

    def events(self, task: Task, seen: int = 0) -> list[str]:
        """Events of a task but for the first ``seen``, each as JSON."""
        text = (self.folder(task.id) / "events.jsonl").read_text(encoding="utf-8")
        return text.split("\n")[:-1][seen:]

    def remove(self, task: Task) -> None:
        """Forget a task and all of its files."""
        (self.folder(task.id) / "task.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder(task.id), ignore_errors=True)

    def recover(self) -> None:
        """Put back what ran when the service was killed, and remove what was not a task yet."""
        self.root.mkdir(parents=True, exist_ok=True)
        for path in list(self.root.iterdir()):
            if _ID.fullmatch(path.name) and self.get(path.name) is None:
                shutil.rmtree(path, ignore_errors=True)
        for task in self:
            _end_line(self.folder(task.id) / "events.jsonl")
            if task.state == "running":
                self.keep(attrs.evolve(task, state="queued"))
                self.tell(task.id, {"event": "queued", "again": True})


def _end_line(path: Path) -> None:
    """Cut half a line off the end of a file."""
    text = path.read_bytes()
    if not text.endswith(b"\n"):
        os.truncate(path, text.rfind(b"\n") + 1)
