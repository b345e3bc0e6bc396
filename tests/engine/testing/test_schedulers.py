"""The laws of schedulers have teeth: what breaks one is caught, with the figure."""

from typing import NamedTuple

import attrs
import pytest
import torch

from superpose import Gridded, LawError, Move, Scheduler, TableSchedule, moved
from superpose.testing import check_scheduler
from superpose_schedulers.ddim import DDIM


class Past(NamedTuple):
    """What a scheduler remembers; a test gives its class another home."""

    clean: torch.Tensor


def remembering(home):
    """A scheduler whose memory's class is not in its own module; it says so or not."""
    elsewhere = type("Elsewhere", (Past,), {"__module__": "superpose.testing.law"})

    @attrs.frozen(kw_only=True)
    class Remembering(Scheduler):
        """Euler's method, which remembers what it saw."""

        kind = "remembering"
        memory = elsewhere if home else None

        def plan(self, schedule):
            return DDIM(steps=4).plan(schedule)

        def step(self, denoise, x, here, there, state, noise, jumped):
            return DDIM(steps=4).step(denoise, x, here, there, None, noise, jumped)[0], elsewhere(x.clone())

    return Remembering()


def test_a_memory_that_can_not_be_saved_is_caught():
    """The batch that it belongs to would begin again without a word."""
    from superpose.testing.following import can_be_saved

    schedule = TableSchedule.named("linear")
    with pytest.raises(LawError, match=r"its memory can't be saved .* say memory = Elsewhere in its class"):
        can_be_saved(remembering(False), remembering(False).plan(schedule), (3, 4, 4))


def test_a_memory_of_another_module_is_saved_where_the_scheduler_names_it():
    from superpose.testing.following import can_be_saved

    scheduler = remembering(True)
    assert can_be_saved(scheduler, scheduler.plan(TableSchedule.named("linear")), (3, 4, 4)) == 0


@attrs.frozen(kw_only=True)
class Boastful(Gridded):
    """Says weights of a step that it does not make."""

    kind = "boastful"
    said: float = 1.0

    def move(self, here, there, *, says_variance=False):
        return Move(there.sigma / here.sigma, self.said * (there.alpha - here.alpha * there.sigma / here.sigma), 0.0)

    def step(self, denoise, x, here, there, state, noise, jumped):
        return moved(x, denoise(x, here).clean, here, there, noise), state


def test_weights_that_a_step_does_not_have_are_caught():
    schedule = TableSchedule.named("linear")
    assert check_scheduler(Boastful(steps=4), schedule)["moves-as-it-says"] < 1e-4
    with pytest.raises(LawError, match="away from the weights that `move` says"):
        check_scheduler(Boastful(steps=4, said=1.1), schedule)
