"""The laws of schedulers of another process than Gaussian noise, held on a model of that process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from superpose.estimate.denoiser import prompted
from superpose.sampling.loop import Trajectory, conditioning_of
from superpose.sampling.noise import Noise
from superpose.testing.law import Law
from superpose.testing.probes import broken, gap
from superpose.testing.schedulers import descends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from superpose.estimate.model import Model
    from superpose.estimate.predictor import NoisePredictor
    from superpose.sampling.scheduler import Scheduler

#: Samples of a run.
ROWS = 3


def laws(scheduler: Scheduler, model: Model) -> Iterator[Law]:
    """The laws of a scheduler, sampling a model that is told the prompt which says nothing."""
    predictor = model.load()
    yield Law("descends", lambda: descends(scheduler, scheduler.plan(predictor.schedule)))
    yield Law("repeats-itself", lambda: repeats_itself(scheduler, predictor, model.unconditional))
    yield Law("keeps-samples-apart", lambda: keeps_samples_apart(scheduler, predictor, model.unconditional))


def repeats_itself(scheduler: Scheduler, predictor: NoisePredictor, prompt: str) -> float:
    """The same run gives the same bits, finite ones."""
    first, second = (_sampled(scheduler, predictor, prompt, range(ROWS)) for _ in range(2))
    if not first.isfinite().all():
        broken(scheduler, "the end", "the states are not finite")
    if off := gap(first, second):
        broken(scheduler, "the end", f"a second run ends {off:.3g} away from the first")
    return 0.0


def keeps_samples_apart(scheduler: Scheduler, predictor: NoisePredictor, prompt: str) -> float:
    """Sample k of many is sample k alone."""
    many = _sampled(scheduler, predictor, prompt, range(ROWS))
    for k in range(ROWS):
        if off := gap(_sampled(scheduler, predictor, prompt, (k,)), many[k : k + 1]):
            broken(scheduler, f"sample {k}", f"it ends {off:.3g} away from itself among others")
    return 0.0


def _sampled(scheduler: Scheduler, predictor: NoisePredictor, prompt: str, samples: Sequence[int]) -> Tensor:
    noise = Noise(0, tuple(samples), predictor.shape, predictor.device)
    laid = conditioning_of(predictor, noise)
    denoiser, plan = prompted(predictor, prompt), scheduler.plan(predictor.schedule)
    trajectory = Trajectory(denoiser, scheduler, plan, noise, (), ROWS, predictor, laid)
    state = trajectory.start()
    while state.step < trajectory.steps:
        state = trajectory.step(state)
    return state.x
