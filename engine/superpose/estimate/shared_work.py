"""Work that several runs have in common, done once: encoding a prompt, inverting an image."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from typing import TYPE_CHECKING, TypeVar

import attrs
import torch

if TYPE_CHECKING:
    from superpose.estimate.query import Network

_T = TypeVar("_T")
#: Pieces of work that are kept, at most: the last ones that were asked for.
KEPT = 64


@attrs.frozen(eq=False)
class SharedWork:
    """Work of networks that outlive a run. A network, what is done, the files and the threads decide each piece.

    Attributes:
        files: Content of the files that a run names, as text.
        shown: All that decides what the run shows, its constraints left out, as text; empty where nobody knows.
    """

    files: str = ""
    shown: str = ""
    _done: OrderedDict[tuple[Hashable, ...], object] = attrs.field(factory=OrderedDict, repr=False)

    def of_run(self, files: str, shown: str) -> SharedWork:
        """The same work, as a run with these files that shows this shares in it."""
        return attrs.evolve(self, files=files, shown=shown)

    def do(self, network: Network, what: Hashable, work: Callable[[], _T]) -> _T:
        """What ``work`` returns, or did return where it was done before.

        Arguments:
            network: Which does it.
            what: All else that decides the result, to the bit.
            work: Called where it is to be done; what it returns is never changed by anybody.
        """
        key = (network, what, self.files, torch.get_num_threads())
        if key not in self._done:
            self._done[key] = work()
        self._done.move_to_end(key)
        while len(self._done) > KEPT:
            self._done.popitem(last=False)
        found: _T = self._done[key]  # type: ignore[assignment]  # of the same key, and so of the same work
        return found

    def forget(self, needed: Collection[Network]) -> None:
        """Let go of what networks have done that are needed no more, and so of these."""
        for key in [key for key in self._done if key[0] not in needed]:
            del self._done[key]
