"""Tasks one after the other, in the process that hands them out."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Mapping

import attrs

from superpose import Executor, Needs, Pool, Result, Work


@attrs.frozen(kw_only=True)
class Inline(Executor):
    """Carries out one task after the other in this process: nothing to start, and nothing that survives a crash."""

    kind = "inline"
    isolated = False

    def start(self, work: Work, needs: Needs) -> Pool:
        """Begin; there is nothing to start."""
        del needs
        return _Pool(work)

    def rank(self, needs: Needs) -> int:
        """The last choice, which always works."""
        del needs
        return 1


class _Pool(Pool):
    size = 1

    def __init__(self, work: Work) -> None:
        self.work = work
        self.waiting: deque[tuple[str, str]] = deque()

    def submit(self, task: str, text: str) -> None:
        self.waiting.append((task, text))

    def results(self, seconds: float) -> list[Result]:
        """Carry out the next task, however long it takes."""
        del seconds
        if not self.waiting:
            return []
        task, text = self.waiting.popleft()
        try:
            return [Result(task, self.work(text))]
        except Exception:
            return [Result(task, error=traceback.format_exc())]

    def running(self) -> Mapping[str, float]:
        """None: while one is carried out nobody can ask."""
        return {}

    def stop(self, task: str) -> None:
        """Nothing: a task that runs here can't be ended from here."""

    def close(self) -> None:
        self.waiting.clear()
