"""Images decoded and files written beside sampling: by a thread each, in order, with few that wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

#: Files that may wait, where a batch has fewer.
WAITING = 16


class Writer(Generic[P, R]):
    """A thread that writes while the next is made, and one that decodes what is to be written.

    What they were given is written when the block ends, however it ends.

    Arguments:
        write: Writes one file, and says which; never called twice at a time.
        waiting: How many files may wait before `put` does.
    """

    def __init__(self, write: Callable[P, R], waiting: int = WAITING) -> None:
        self.write, self.waiting = write, waiting
        self._decoder = ThreadPoolExecutor(1, "superpose-decoder")
        self._thread = ThreadPoolExecutor(1, "superpose-writer")
        self._pending: deque[Future[R]] = deque()

    def decoded(self, act: Callable[[], T]) -> Future[T]:
        """Have something made that what is put later needs, beside all else; never two at a time."""
        return self._decoder.submit(act)

    def put(self, *arguments: P.args, **options: P.kwargs) -> Iterator[R]:
        """Have a file written; gives those that are, in their order.

        Raises:
            Exception: What `write` raised for an earlier one.
        """
        self._pending.append(self._thread.submit(self.write, *arguments, **options))
        while self._pending and (len(self._pending) > self.waiting or self._pending[0].done()):
            yield self._pending.popleft().result()

    def check(self) -> None:
        """Raise what decoding or writing has raised so far, without waiting for any."""
        for future in self._pending:
            if future.done():
                future.result()

    def rest(self) -> Iterator[R]:
        """Wait for the others, and give them; raises as `put`."""
        while self._pending:
            yield self._pending.popleft().result()

    def then(self, act: Callable[[], None]) -> None:
        """Have something done when all that was given so far is written."""
        self._thread.submit(act)

    def close(self) -> None:
        """Wait until all that was given is written."""
        self._decoder.shutdown()
        self._thread.shutdown()

    def __enter__(self) -> Writer[P, R]:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until all that was given is written."""
        self.close()
