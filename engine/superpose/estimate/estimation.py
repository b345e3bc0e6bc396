"""Estimates under way: coroutines that are resumed with answers, each in a gradient mode of its own.

A coroutine that is stopped inside ``with torch.enable_grad()`` leaves the mode behind for whoever runs next: its
neighbours in the tree and the networks. So the mode is taken away at every stop and given back when it goes on.
What a denoiser yields and returns is judged here, where it is still known whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from types import GeneratorType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from superpose.errors import PluginError
from superpose.estimate.ahead import Foresee
from superpose.estimate.blame import article, blamed, place_of, whose_code
from superpose.estimate.memory import Recall, Remember
from superpose.estimate.prediction import Estimate, Prediction
from superpose.estimate.query import Query

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.ahead import Ahead
    from superpose.estimate.memory import Ledger
    from superpose.estimate.query import Estimating, Estimation
    from superpose.levels.noise_level import NoiseLevel

T = TypeVar("T")

#: What the run answers, and no network.
_OF_RUN = (Recall, Remember, Foresee)
_QUESTIONS = (Query, *_OF_RUN)
_COROUTINE = "an estimate is a coroutine: write `estimate = yield from inner.estimate(x, level)`"


def begun(denoiser: Estimating, x: Tensor, level: NoiseLevel) -> Estimation:
    """The estimate of a denoiser, not yet asked anything.

    Raises:
        PluginError: If its `estimate` is no coroutine.
    """
    run: object = denoiser.estimate(x, level)
    if not isinstance(run, GeneratorType):
        blamed(
            denoiser,
            "estimate",
            f"returns {article(run)} and yields nothing: it must be a coroutine that returns a superpose.Estimate; "
            "`return (yield from inner.estimate(x, level))` hands through",
        )
    return run


class Underway:
    """One estimate and the gradient mode that it was stopped in.

    Arguments:
        run: The estimate.
        given_to: Whose argument it is, for errors.
        mode: Whether it begins with gradients on; as whoever begins it where nothing is said.

    Attributes:
        estimate: What it has returned; None as long as it asks.
    """

    def __init__(self, run: Estimation, given_to: str = "together", *, mode: bool | None = None) -> None:
        if not isinstance(run, GeneratorType):
            raise PluginError(
                f"{given_to} was given {article(run)}, and takes what `denoiser.estimate(x, level)` gives"
            )
        self.estimate: Estimate | None = None
        self._run = run
        self._module = str(run.gi_frame.f_globals.get("__name__", "")) if run.gi_frame else ""
        self._mode = mode
        self._others = _other_modes()

    def resume(self, reply: Sequence[Prediction] | None) -> list[Query] | None:
        """Its next questions, after ``reply`` (None at first); None when it has returned.

        Raises:
            PluginError: If it yields or returns something else than it should; says whose it is, and where.
        """
        try:
            found = self._in_its_mode(self._run.send, None if reply is None else list(reply))
        except StopIteration as stop:
            self.estimate = self._judged(stop.value)
            return None
        except AttributeError as error:
            if "'generator' object" not in str(error):
                raise
            raise PluginError(f"{place_of(error)}: {error}; {_COROUTINE}") from error
        return self._questions(found)

    def close(self) -> None:
        """End it, wherever it is."""
        if self._run.gi_frame is not None:  # what has returned has nothing left to end
            self._in_its_mode(self._run.close)

    def _in_its_mode(self, call: Callable[..., T], *given: object) -> T:
        import torch

        # Modes are set where they differ alone: this is run for every part of a tree at every step.
        outside = torch.is_grad_enabled()
        try:
            if self._mode is not None and self._mode != outside:
                torch.set_grad_enabled(self._mode)
            return call(*given)
        finally:
            self._mode = torch.is_grad_enabled()
            if self._mode != outside:
                torch.set_grad_enabled(outside)

    def _questions(self, found: object) -> list[Query]:
        if _other_modes() != self._others:
            self._wrong("yields inside inference_mode or autocast, where its neighbours would run: leave it first")
        if not isinstance(found, list | tuple) or not all(isinstance(query, _QUESTIONS) for query in found):
            got = article(found)
            if isinstance(found, list | tuple):
                got += f" of {article(next(query for query in found if not isinstance(query, _QUESTIONS)))}"
            self._wrong(f"yields {got}, and must yield a list of superpose.Query")
        return list(found)

    def _judged(self, value: object) -> Estimate:
        import torch

        if isinstance(value, GeneratorType):
            self._wrong(f"returns a generator, not an estimate; {_COROUTINE}")
        if not isinstance(value, Estimate):
            self._wrong(f"returns {article(value)}, and must return a superpose.Estimate(clean, ...)")
        for name, tensor in zip(Estimate._fields, value, strict=True):
            if not ((tensor is None and name != "clean") or isinstance(tensor, torch.Tensor)):
                self._wrong(f"returns an Estimate whose {name} is {article(tensor)}, and must be a torch.Tensor")
        return value

    def _wrong(self, what: str) -> NoReturn:
        raise PluginError(f"{whose_code(self._run.gi_code, self._module)} {what}")


def answered(
    run: Estimation, answer: Callable[[list[Query]], Sequence[Prediction]], ledger: Ledger | None = None
) -> Estimate:
    """Drive an estimate to its end.

    Arguments:
        run: The estimate.
        answer: Given the questions to networks of each round, in order.
        ledger: What denoisers remember; nothing yet when not given, and nothing is kept.
    """
    underway = Underway(run)

    def replies(queries: list[Query]) -> list[Any]:
        asked = [query for query in queries if not _of_run(query)]
        answers = iter(answer(asked) if asked or not queries else ())
        return [_from_run(query, ledger) if _of_run(query) else next(answers) for query in queries]

    try:
        queries = underway.resume(None)
        while underway.estimate is None:
            queries = underway.resume(replies(queries or []))
        return _without_graph(underway.estimate)
    finally:
        underway.close()


def differentiable(run: Estimation) -> Estimation:
    """Drive an estimate with gradients on, so that torch can differentiate through the networks that it asks.

    In an ``estimate``::

        x = x.detach().requires_grad_()
        estimate = yield from superpose.differentiable(self.inner.estimate(x, level))
        with torch.enable_grad():
            [gradient] = torch.autograd.grad(loss(estimate.clean), x)

    Its queries are marked ``gradient=True``. Between them the mode is that of whoever drives: nobody beside it sees
    gradients on. A state that it is asked about must be a tensor of its own, as above, not one that others hold.
    """
    return (yield from _marked(Underway(run, "differentiable", mode=True), lambda query: query._replace(gradient=True)))


def asked_at(run: Estimation, level: NoiseLevel) -> Estimation:
    """Drive an estimate whose networks are asked at ``level``, whatever the level that the whole is asked at."""
    return (yield from marked(run, lambda query: query if query.level else query._replace(level=level)))


def marked(run: Estimation, mark: Callable[[Query], Query]) -> Estimation:
    """Drive an estimate, each of its queries to networks changed by ``mark``, such as with ``query._replace(...)``."""
    return (yield from _marked(Underway(run), mark))


def _marked(underway: Underway, mark: Callable[[Query], Query]) -> Estimation:
    try:
        queries = underway.resume(None)
        while underway.estimate is None:
            asked = [query if _of_run(query) else mark(query) for query in queries or []]
            queries = underway.resume((yield asked))
        return underway.estimate
    finally:
        underway.close()


def together(runs: Iterable[Estimation]) -> Generator[list[Query], list[Prediction], list[Estimate]]:
    """Run estimates side by side, so that each round of their questions is asked at once."""
    branches = [Underway(run) for run in runs]
    try:
        rounds = yield from _resumed([(branch, None) for branch in branches])
        while rounds := [(branch, queries) for branch, queries in rounds if queries is not None]:
            answers = iter((yield [query for _, queries in rounds for query in queries]))
            replies = [(branch, [next(answers) for _ in queries]) for branch, queries in rounds]
            rounds = yield from _resumed(replies)
        return [branch.estimate for branch in branches if branch.estimate is not None]
    finally:
        for branch in branches:
            branch.close()


def _resumed(
    replies: Sequence[tuple[Underway, list[Prediction] | None]],
) -> Generator[list[Query], list[Prediction], list[tuple[Underway, list[Query] | None]]]:
    """The next questions of each branch to networks: what one asks of memory is no round of its own."""
    rounds = []
    for branch, reply in replies:
        queries = branch.resume(reply)
        while queries and all(map(_of_run, queries)):
            queries = branch.resume((yield queries))
        rounds.append((branch, queries))
    return rounds


def _of_run(query: object) -> bool:
    return isinstance(query, _OF_RUN)


def _from_run(query: object, ledger: Ledger | None) -> Tensor | Ahead | None:
    return ledger.answer(query) if ledger is not None and isinstance(query, _OF_RUN) else None


def _without_graph(estimate: Estimate) -> Estimate:
    """The estimate without what torch would differentiate it by, where gradients are off: a trajectory keeps none."""
    import torch

    if torch.is_grad_enabled():
        return estimate
    return Estimate._make(None if tensor is None else tensor.detach() for tensor in estimate)


def _other_modes() -> tuple[bool, ...]:
    import torch

    return torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")
