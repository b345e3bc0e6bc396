"""A denoiser asked beside its source: the same from the same noise, told another prompt."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

import attrs
import torch

from superpose import Denoiser, Estimate, Query, marked, moved, recall, remember, with_gradient
from superpose_constraints.attention_edit import Keep, Kept, Replace, Told
from superpose_constraints.local_blend import changing, word_maps
from superpose_constraints.steps import no_noise, step_of

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Estimation, NoiseLevel, NoisePredictor, StepInfo, Tap


@attrs.frozen(eq=False)
class BesideItsSource(Denoiser):
    """A denoiser with the attention that its source has.

    Attributes:
        inner: What is shown.
        predictor: The network whose attention is edited.
        told: The edit.
    """

    inner: Denoiser
    predictor: NoisePredictor
    told: Told
    _source: Condition = attrs.field(init=False)

    @_source.default
    def _condition(self) -> Condition:
        return self.predictor.condition(self.told.prompts[0])

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask the source, then what is shown; the source is moved as `ddim` would."""
        step = step_of(level, "prompt-to-prompt carries its source from one level of the plan to the next")
        channels = self.predictor.shape[0]
        state = x[:, :channels]
        before = yield from recall(self)
        source = state if before is None else before
        kept: Kept = {}
        edited: Kept = {}
        seen = torch.cat((source, x[:, channels:]), 1)
        first = yield from self._asked(seen, level, lambda n: Keep(self.told, step, n, kept), self._source)
        shown = yield from self._asked(x, level, lambda n: Replace(self.told, step, n, kept, edited))
        after = _moved(source, with_gradient(first, level), step)
        yield from remember(self, after)
        if not self.told.blends:
            return shown
        sums = yield from recall(self)
        maps = word_maps(self.told, len(x), kept, edited, self.predictor)
        if maps is None:  # while a recipe is only checked there is no attention
            return shown
        maps = maps if sums is None else maps + sums
        yield from remember(self, maps)
        mask = changing(self.told, maps, step, state.shape[2:])
        if mask is None:
            return shown
        reached = _moved(state, with_gradient(shown, level), step)
        return shown._replace(displacement=(1 - mask) * (after - reached))

    def _asked(
        self, x: Tensor, level: NoiseLevel, tap: Callable[[int], Tap], instead: Condition | None = None
    ) -> Estimation:
        """Estimate of what is shown, its edited prompt tapped, and told ``instead``."""
        numbers = count()

        def mark(query: Query) -> Query:
            if query.predictor is not self.predictor or query.condition.prompt != self.told.prompts[1]:
                return query
            told = query if instead is None else query._replace(condition=instead)
            return told._replace(taps=(*query.taps, tap(next(numbers))))

        return (yield from marked(self.inner.estimate(x, level), mark))


def _moved(x: Tensor, estimate: Estimate, step: StepInfo) -> Tensor:
    return moved(x, estimate.clean, step.here, step.there, no_noise, renoise=estimate.renoise)
