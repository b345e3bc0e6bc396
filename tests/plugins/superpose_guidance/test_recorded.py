"""No recorded guider of diffusers is left out."""

from pathlib import Path

from recorded_guiders import RUNS

PLUGINS = Path(__file__).parents[1]
#: Networks whose attention is changed: theirs is the arithmetic of `cfg`, and what counts is inside of the network.
ATTENTION = {"pag", "slg", "seg"}


def test_every_recorded_guider_is_held():
    tests = "".join(path.read_text(encoding="utf-8") for path in PLUGINS.glob("*/test_*.py"))
    assert not {name for name in RUNS if f'"{name}"' not in tests} - ATTENTION
