"""The laws of optimisers find what breaks them."""

import attrs
import pytest
import torch

from superpose import TableSchedule
from superpose.errors import LawError
from superpose.testing import check_scheduler
from superpose_distillation.sds import SDS, Distilled

SCHEDULE = TableSchedule.named("linear")


@attrs.frozen(kw_only=True)
class _Broken(SDS):
    """Breaks one law at a time."""

    kind = "broken"
    breaks: str = "away"

    def gradient(self, canvas):
        del canvas
        return _Follows(self, None)


class _Follows(Distilled):
    def of(self, look, image, level, noise, memory):
        slope, _ = super().of(look, image, level, noise, memory)
        match self.options.breaks:
            case "away":
                return -slope, memory
            case "writes":
                image.mul_(0.5)
            case "rows":
                return slope + slope.mean(0, keepdim=True), memory
            case "chance":
                return slope + 0.01 * torch.rand_like(slope), memory
            case "remembers":
                return slope, object()
        return slope, memory


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        ("away", "leads away"),
        ("writes", "writes to a tensor"),
        ("rows", "a sample alone"),
        ("chance", "a second run differs"),
        ("remembers", "can't be saved"),
    ],
)
def test_what_is_broken_is_found(breaks, why):
    with pytest.raises(LawError, match=why):
        check_scheduler(_Broken(breaks=breaks, steps=5), SCHEDULE)


def test_a_level_without_noise_is_found():
    @attrs.frozen(kw_only=True)
    class Silent(SDS):
        kind = "silent"

        def plan(self, schedule):
            plan = super().plan(schedule)
            return attrs.evolve(plan, levels=(plan.levels[0]._replace(sigma=0.0), *plan.levels[1:]))

    with pytest.raises(LawError, match="step 0: it asks at"):
        check_scheduler(Silent(steps=3), SCHEDULE)


def test_what_they_measure():
    found = check_scheduler(SDS(steps=4, method="adam"), SCHEDULE)
    assert found["asks-where-there-is-noise"] == 4
    assert found["does-not-lead-away"] > 0.5
