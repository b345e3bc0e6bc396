"""Executors: where the tasks of a sweep are carried out, on this machine or on many.

An executor carries text to a function and text back. It need not keep a task from being lost with its worker, nor from
being carried out twice: whoever submits finds out what is done by looking at what is there.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import ClassVar, TypeAlias

import attrs

from superpose.kinds.kind import Kind

#: A function that an executor carries out: a task's text to a report's. It is imported by name where it runs.
Work: TypeAlias = Callable[[str], str]


@attrs.frozen
class Needs:
    """What one worker needs.

    Attributes:
        threads: Threads of the processor.
        device: The torch device that was asked for; ``auto`` for the best there is.
    """

    threads: int = 1
    device: str = "auto"


@attrs.frozen
class Result:
    """Result of a task: a report, or why there is none.

    Attributes:
        task: Name of the task.
        report: What the work returned; None where it did not end.
        error: The traceback of what it raised, or what became of the worker; empty for a report.
        lost: Whether the worker is gone: the task may be at fault, or nobody.
    """

    task: str
    report: str | None = None
    error: str = ""
    lost: bool = False


class Executor(Kind, ABC):
    """A place where tasks are carried out.

    What it is told are its options: how many workers, at which address. It holds nothing until it is started.

    Attributes:
        isolated: Whether tasks have processes of their own, so that one may be lost and the others go on.
    """

    role: ClassVar[str] = "executor"
    isolated: ClassVar[bool] = True

    @abstractmethod
    def start(self, work: Work, needs: Needs) -> Pool:
        """Start workers.

        Arguments:
            work: What they do with each task.
            needs: What each of them needs.

        Raises:
            RecipeError: If there can be none: an address that does not answer, a library that is not installed.
        """

    def rank(self, needs: Needs) -> int:
        """Rank among those that may be taken where nobody names one: the highest is; 0 for never."""
        del needs
        return 0


class Pool(ABC):
    """Workers under way; leaving its block ends them.

    Attributes:
        size: Tasks that are carried out at a time.
    """

    size: int

    @abstractmethod
    def submit(self, task: str, text: str) -> None:
        """Hand over a task by its name, with the text that the work is given; never waits for a worker."""

    @abstractmethod
    def results(self, seconds: float) -> list[Result]:
        """Results since the last call, each once; waits up to so many seconds for the first."""

    @abstractmethod
    def running(self) -> Mapping[str, float]:
        """Tasks that a worker has begun, each with the seconds since then."""

    @abstractmethod
    def stop(self, task: str) -> None:
        """End the worker of a task that hangs; the task then has a result that is lost."""

    @abstractmethod
    def close(self) -> None:
        """End all workers at once, whatever they do."""

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.close()


class Clock:
    """Times since tasks were begun."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}

    def begin(self, task: str) -> None:
        """Note that a task is begun."""
        self._began[task] = time.monotonic()

    def end(self, task: str) -> None:
        """Note that it has ended."""
        self._began.pop(task, None)

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds since each task under way was begun."""
        now = time.monotonic()
        return {task: now - began for task, began in self._began.items()}
