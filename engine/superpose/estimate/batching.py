"""Answering: the questions of a round become one forward pass of each network, in blocks of a fixed number of rows.

Two promises are kept here. Equal questions (same network, same tensor, same condition) are asked once. And a row's
answer is the same bits whoever its neighbours are, because the network always sees blocks of the same size: kernels
choose their order of summation by the shape of the batch, so between block sizes results move by about 1e-6.

Questions with a gradient are asked apart from others, and those about one tensor apart from those about another: torch
frees a forward pass once somebody has differentiated through it, and nobody may free what a neighbour still needs.
So are questions whose attention is tapped, by their taps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias

import torch

from superpose.errors import LawError, PluginError, RunError
from superpose.estimate.attention import Row, tapping
from superpose.estimate.blame import article, blamed, must_be_rows
from superpose.estimate.estimation import answered, begun, differentiable
from superpose.estimate.memory import Ledger
from superpose.estimate.prediction import Prediction

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.ahead import Ahead
    from superpose.estimate.attention import Tap
    from superpose.estimate.memory import Remembered
    from superpose.estimate.prediction import Estimate
    from superpose.estimate.predictor import Condition
    from superpose.estimate.query import Estimating, Network, Query
    from superpose.levels.noise_level import NoiseLevel

Arrangement = tuple[tuple["Condition", int], ...]

#: What is asked at once: the network, its level, the shape of a row, with a gradient the identity of the tensor, taps.
_Together: TypeAlias = "tuple[Network, NoiseLevel, tuple[int, ...], int | None, tuple[Tap, ...]]"


def evaluate(denoiser: Estimating, x: Tensor, level: NoiseLevel, *, batch_size: int | None = None) -> Estimate:
    """The estimate of a denoiser at one noise level, outside a run: for tests, figures and loops of your own.

    >>> import superpose, torch
    >>> model = superpose.model("glyphs")
    >>> x = torch.randn(2, *model.shape, generator=torch.Generator().manual_seed(0))
    >>> noisiest = model.schedule.level(0, 999)
    >>> estimate = superpose.evaluate(superpose.prompted(model, "A"), x, noisiest)
    >>> tuple(estimate.clean.shape)
    (2, 3, 32, 32)

    It is not clipped, and nobody remembers anything. Torch can differentiate through it where gradients are on and
    ``x`` requires them.

    Arguments:
        denoiser: The denoiser; ``denoiser(x, level)`` is short for this.
        x: States, shape (N, C, H, W), float32, on the networks' device; what lies beside is in further channels.
        level: Their noise level: ``predictor.schedule.level(0, t)``, or ``plan.asked(i)``, which knows its step.
        batch_size: Rows of a forward pass, as in a run: then a sample's bits do not depend on how many there are. None
            for all rows in one.

    Raises:
        PluginError: If a denoiser in it yields or returns something else than it should; says whose it is.
    """
    return BatchedEvaluator(batch_size)(denoiser, x, level)


class BatchedEvaluator:
    """Drives estimates to their end, asking networks in blocks of ``batch_size`` rows.

    Arguments:
        batch_size: Rows in a forward pass; the last block is padded. None puts all rows of a round in one block, which
            is fastest, and whose bits depend on how many samples there are.
        per_sample: Tensors of one row a sample that a predictor is given with its conditions: see `Conditioning`.
        checkpointing: Work a forward pass out again when a gradient is walked back, instead of keeping all of its
            tensors until then: as much memory as one pass needs, and one pass more.
    """

    def __init__(
        self,
        batch_size: int | None = None,
        per_sample: Mapping[Network, Mapping[str, Tensor]] | None = None,
        *,
        checkpointing: bool = False,
    ) -> None:
        self.batch_size = batch_size
        self.checkpointing = checkpointing
        self.per_sample = per_sample or {}
        self._given: dict[tuple[Network, Arrangement], list[Mapping[str, Tensor]]] = {}

    def __call__(self, denoiser: Estimating, x: Tensor, level: NoiseLevel) -> Estimate:
        """The estimate of ``denoiser`` for states ``x``, shape (N, C, H, W), at ``level``.

        Torch can differentiate through it where gradients are on and ``x`` requires them.
        """
        return self.remembering(denoiser, x, level)[0]

    def remembering(
        self,
        denoiser: Estimating,
        x: Tensor,
        level: NoiseLevel,
        memory: Remembered = (),
        ahead: Callable[[], Ahead] | None = None,
    ) -> tuple[Estimate, Remembered]:
        """The same, told what the denoisers remembered before and for what step, with what they remember then."""
        run, ledger = begun(denoiser, x, level), Ledger(denoiser, memory, ahead)
        if x.requires_grad and torch.is_grad_enabled():
            run = differentiable(run)
        estimate = answered(run, lambda queries: self._round(queries, level), ledger)
        must_be_rows(estimate.clean, denoiser, "estimate", x.shape[0])
        return estimate, ledger.remembered

    def _round(self, queries: Sequence[Query], level: NoiseLevel) -> list[Prediction]:
        distinct: dict[_Together, dict[tuple[int, Condition], Query]] = {}
        # Images are compared by identity: comparing their values would make a GPU wait.
        keys = [(_together(query, level), (id(query.x), query.condition)) for query in queries]
        for query, (shared, key) in zip(queries, keys, strict=True):
            _differentiates(query)
            distinct.setdefault(shared, {})[key] = query
        answers = {shared: self._evaluated(list(mine.values()), shared[1]) for shared, mine in distinct.items()}
        found = {shared: dict(zip(mine, answers[shared], strict=True)) for shared, mine in distinct.items()}
        return [found[shared][key] for shared, key in keys]

    def _evaluated(self, queries: Sequence[Query], level: NoiseLevel) -> list[Prediction]:
        predictor = queries[0].predictor
        images = [query.x for query in queries]
        counts = [image.shape[0] for image in images]
        total = sum(counts)
        rows = self.batch_size or total
        padding = -total % rows
        arrangement = tuple((query.condition, count) for query, count in zip(queries, counts, strict=True))
        given = self._gathered(predictor, arrangement, rows, padding)
        if padding:
            images.append(images[0].new_zeros((padding, *images[0].shape[1:])))
        with torch.set_grad_enabled(queries[0].gradient):
            batch = images[0] if len(images) == 1 else torch.cat(images)
            taps = queries[0].taps
            owners = _owners(counts, rows) if taps else repeat((), len(given))
            blocks = [
                _judged(predictor, self._predicted(predictor, block, level, mine, taps, whose), block)
                for block, mine, whose in zip(batch.split(rows), given, owners, strict=True)
            ]
            variances = [block.variance for block in blocks if block.variance is not None]
            whole = Prediction(_joined([block.output for block in blocks]), _joined(variances) if variances else None)
            return _split(whole, counts)

    def _predicted(
        self,
        predictor: Network,
        block: Tensor,
        level: NoiseLevel,
        given: Mapping[str, Tensor],
        taps: Sequence[Tap],
        rows: Sequence[Row],
    ) -> Prediction:
        # What a tap reads is read once: a pass with taps is not worked out again.
        if taps or not (self.checkpointing and block.requires_grad and torch.is_grad_enabled()):
            return _predicted(predictor, block, level, given, taps, rows)
        from torch.utils.checkpoint import checkpoint

        again: Prediction = checkpoint(predictor.predict, block, level, given, use_reentrant=False)
        return again

    def _gathered(
        self, predictor: Network, arrangement: Arrangement, rows: int, padding: int
    ) -> list[Mapping[str, Tensor]]:
        key = predictor, arrangement
        if key not in self._given:
            conditions = [condition for condition, count in arrangement for _ in range(count)]
            conditions += conditions[:1] * padding
            self._fits(predictor, arrangement)
            per_sample = {
                name: torch.cat([tensor] * len(arrangement) + [tensor[:1]] * padding).split(rows)
                for name, tensor in self.per_sample.get(predictor, {}).items()
            }
            self._given[key] = [
                {
                    **predictor.gather(conditions[start : start + rows]),
                    **{name: per_sample[name][i] for name in per_sample},
                }
                for i, start in enumerate(range(0, len(conditions), rows))
            ]
        return self._given[key]

    def _fits(self, predictor: Network, arrangement: Arrangement) -> None:
        """Raise `LawError` if a question is not about all samples: whose tensors its rows are then nobody could say."""
        for name, tensor in self.per_sample.get(predictor, {}).items():
            for _, count in arrangement:
                if count != len(tensor):
                    raise LawError(
                        f"{type(predictor).__name__} is asked about {count} rows, and has {name!r} for {len(tensor)} "
                        "samples: a denoiser asks about all samples, in their order"
                    )


def _predicted(
    predictor: Network,
    block: Tensor,
    level: NoiseLevel,
    given: Mapping[str, Tensor],
    taps: Sequence[Tap],
    rows: Sequence[Row],
) -> Prediction:
    """One forward pass, with taps where there are any."""
    if not taps:
        return predictor.predict(block, level, given)
    with tapping(taps, rows, block, predictor):
        return predictor.predict(block, level, given)


def _owners(counts: Sequence[int], rows: int) -> Iterator[tuple[Row, ...]]:
    """Owners of the rows of each block; those that fill up the last one are nobody's."""
    every = [Row(question, sample) for question, count in enumerate(counts) for sample in range(count)]
    return (tuple(every[start : start + rows]) for start in range(0, len(every), rows))


def _judged(predictor: Network, answer: Prediction, block: Tensor) -> Prediction:
    if not isinstance(answer, Prediction):
        blamed(predictor, "predict", f"returns {article(answer)}, and must return a superpose.Prediction(output, ...)")
    must_be_rows(answer.output, predictor, "predict", block.shape[0])
    return answer


def _together(query: Query, level: NoiseLevel) -> _Together:
    apart = id(query.x) if query.gradient else None
    return query.predictor, query.level or level, tuple(query.x.shape[1:]), apart, query.taps


def _differentiates(query: Query) -> None:
    """Refuse what would give no gradient, or a wrong one."""
    name = type(query.predictor).__name__
    if query.gradient and not query.predictor.differentiable:
        raise RunError(
            f"{name} is asked for a gradient, and is not differentiable: use a model whose network is, or leave out "
            "what differentiates through it"
        )
    if query.x.requires_grad and not query.gradient:
        raise PluginError(
            f"{name} is asked about a state that requires a gradient, by a query without one: the gradient would leave "
            "the network out; ask by `yield from superpose.differentiable(inner.estimate(x, level))`, or about "
            "`x.detach()`"
        )


def _joined(parts: Sequence[Tensor]) -> Tensor:
    # The state is float32 whatever the network runs in.
    return (parts[0] if len(parts) == 1 else torch.cat(list(parts))).float()


def _split(whole: Prediction, counts: Sequence[int]) -> list[Prediction]:
    predictions, start = [], 0
    for count in counts:
        mine = slice(start, start + count)
        predictions.append(Prediction(whole.output[mine], None if whole.variance is None else whole.variance[mine]))
        start += count
    return predictions
