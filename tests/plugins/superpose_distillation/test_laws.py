"""Every optimiser that is registered, in every variant, is held to the laws on every kind of schedule."""

import attrs
import pytest
from PIL import Image

from superpose import EDMSchedule, FlowSchedule, Optimiser, TableSchedule, VESchedule, make
from superpose.plugins import load_plugins
from superpose.testing import check_scheduler, variants

KINDS = {kind: cls for kind, cls in load_plugins().kinds("scheduler").items() if issubclass(cls, Optimiser)}
SCHEDULES = {
    "vp": TableSchedule.named("linear"),
    "zero-snr": TableSchedule.named("scaled_linear").zero_terminal_snr(),
    "ve": VESchedule(),
    "edm": EDMSchedule(),
    "flow": FlowSchedule(shift=3.0),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_laws(kind, name, tmp_path):
    given = variants(KINDS[kind]) or [example(kind, tmp_path)]
    for scheduler in given:
        if not scheduler.timesteps:
            found = check_scheduler(attrs.evolve(scheduler, steps=5), SCHEDULES[name])
            assert found["asks-where-there-is-noise"] == 5


def example(kind, folder):
    """One whose files are there."""
    Image.new("RGB", (4, 4), (200, 40, 90)).save(folder / "image.png")
    return make("scheduler", kind, image=folder / "image.png", source="dog")
