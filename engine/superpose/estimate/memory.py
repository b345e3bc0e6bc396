"""Memory of denoisers: what one remembers from a step of a run to the next, such as a momentum.

It goes in and comes out of an evaluation as a scheduler's memory does, and is saved with the state, so that a run that
is gone on with is the same run. A denoiser asks for it by yielding, as it asks networks; it keeps nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import attrs

from superpose.estimate.ahead import Ahead, Foresee
from superpose.estimate.blame import article, blamed
from superpose.estimate.parts import all_parts

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.prediction import Prediction
    from superpose.estimate.query import Estimating, Query

#: (place in the tree of who remembers, how manieth of its memories in one evaluation, the memory).
Remembered = tuple[tuple[int, int, "Tensor"], ...]


class Recall(NamedTuple):
    """Asks for what ``owner`` has remembered."""

    owner: Estimating


class Remember(NamedTuple):
    """Has ``owner`` remember a tensor."""

    owner: Estimating
    value: Tensor


def recall(owner: Estimating) -> Generator[list[Query], list[Prediction], Tensor | None]:
    """Ask for what a denoiser remembered last in this run; None for nothing.

    In its ``estimate``: ``before = yield from recall(self)``.
    """
    # No network is asked: such a question is answered from the run's memory, and its answer is no prediction.
    answers: list[Any] = yield cast(Any, [Recall(owner)])
    before: Tensor | None = answers[0]
    return before


def remember(owner: Estimating, value: Tensor) -> Generator[list[Query], list[Prediction], None]:
    """Have a denoiser remember a tensor of one row a sample.

    In its ``estimate``: ``yield from remember(self, tensor)``.
    """
    yield cast(Any, [Remember(owner, value)])


class Ledger:
    """The memories of the denoisers of a tree, in one evaluation of it.

    Denoisers are known by their place in the tree, which is the same in every run of one recipe. One that is asked
    several times in an evaluation has as many memories, in the order that it is asked in. Besides it says what step of
    the run the evaluation is for, where it is for one: ``ahead`` finds that when somebody asks.
    """

    def __init__(self, root: Estimating, before: Remembered = (), ahead: Callable[[], Ahead] | None = None) -> None:
        self._root, self._ahead = root, ahead
        self._before = {(place, turn): value for place, turn, value in before}
        self._after = dict(self._before)
        self._places: dict[int, int] = {}
        self._turns: Counter[tuple[type, int]] = Counter()

    @property
    def remembered(self) -> Remembered:
        """All memories now; those that nobody touched stay."""
        return tuple((*key, value) for key, value in sorted(self._after.items(), key=lambda item: item[0]))

    def answer(self, request: Recall | Remember | Foresee) -> Tensor | Ahead | None:
        """Do what a denoiser asks for."""
        import torch

        if isinstance(request, Foresee):
            if self._ahead is None:
                return None
            known = self._ahead()
            return attrs.evolve(known, outermost=known.outermost and request.owner is self._root)

        place = self._place(request.owner)
        key = place, self._turns[type(request), place]
        self._turns[type(request), place] += 1
        if isinstance(request, Recall):
            return self._before.get(key)
        if not isinstance(request.value, torch.Tensor):
            blamed(request.owner, "estimate", f"remembers {article(request.value)}, and must remember a torch.Tensor")
        self._after[key] = request.value.detach()  # no graph lives from step to step
        return None

    def _place(self, owner: Estimating) -> int:
        if not self._places:
            for place, part in enumerate(all_parts(self._root)):
                self._places.setdefault(id(part), place)
        if id(owner) not in self._places:
            blamed(
                owner,
                "estimate",
                "remembers, and is not among the fields of what asks it, so that nobody could find its memory again: "
                "keep the denoisers that are asked in fields, lists or dicts",
            )
        return self._places[id(owner)]
