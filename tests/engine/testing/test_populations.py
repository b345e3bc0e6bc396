"""Each law of populations catches what breaks it."""

import attrs
import pytest
import torch

from made_populations import Bright, Brightness
from superpose import LawError
from superpose.testing import check_population


def test_one_that_keeps_them_has_its_figures():
    assert check_population(Bright()) == {
        "weighs-in-form": 0.0,
        "says-the-same-again": 0.0,
        "keeps-samples-apart": 0.0,
        "goes-with-the-particle": pytest.approx(0, abs=1e-4),
    }


@attrs.frozen(kw_only=True)
class Broken(Bright):
    """Breaks a law in one way or another."""

    kind = "broken"
    how: str = "kept"

    def bind(self, context, readings):
        return WAYS[self.how]()


class Kept(Brightness):
    """Remembers by itself."""

    def __init__(self):
        self.count = 0

    def weigh(self, made, memory):
        self.count += 1
        return made.after.flatten(1)[:, 0] * self.count, memory


class Coupled(Brightness):
    """Weighs against all particles of all samples."""

    def weigh(self, made, memory):
        bright = made.after.flatten(1).mean(1)
        return bright - bright.mean(), memory


class Misplaced(Brightness):
    """Goes by the slot, not by the particle."""

    def weigh(self, made, memory):
        return torch.arange(len(made.after)) % 4 * made.after.flatten(1)[:, 0], memory


class Written(Brightness):
    """Writes to what it is shown."""

    def weigh(self, made, memory):
        return made.after.clamp_(-0.1, 0.1).flatten(1).mean(1), memory


class Short(Brightness):
    """Weighs whole samples."""

    def weigh(self, made, memory):
        return made.after.flatten(1)[::4, 0], memory


class Infinite(Brightness):
    """Gives what is no number."""

    def weigh(self, made, memory):
        return made.after.flatten(1)[:, 0].sqrt(), memory


WAYS = {cls.__name__.lower(): cls for cls in (Kept, Coupled, Misplaced, Written, Short, Infinite)}


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("kept", "weigh differs by .* the second time; what it keeps of particles is its memory"),
        ("coupled", "weights of a sample change by .* with the samples beside it"),
        ("misplaced", "weights change by .* with the order of the particles; each has its own"),
        ("written", "weigh writes to its argument"),
        ("short", r"must give one number a particle, shape \(8,\)"),
        ("infinite", "weigh gives weights that are no numbers"),
    ],
)
def test_a_broken_law_is_told_with_its_figure(how, told):
    with pytest.raises(LawError, match=told):
        check_population(Broken(how=how))
