"""The floors of coverage: a package that falls below its own, or is not measured, is told."""

import pytest

from floors import FLOORS, below, shares

REPORT = {
    "files": {
        "engine/superpose/kinds/kind.py": {"summary": {"covered_lines": 30, "num_statements": 40}},
        "engine/superpose/kinds/roles.py": {"summary": {"covered_lines": 60, "num_statements": 60}},
        "engine/superpose/media/png.py": {"summary": {"covered_lines": 1, "num_statements": 2}},
    }
}


def test_the_share_of_a_package_is_that_of_its_files_together():
    assert shares(REPORT) == pytest.approx({"kinds": 90, "media": 50})


def test_what_is_below_its_floor_is_told():
    [media, plugins] = below(shares(REPORT), {"kinds": 90, "media": 51, "plugins": 1})
    assert media == "media: 50.0 % of its lines are run by its own tests, and 51 % must be"
    assert plugins.startswith("plugins: 0.0 %")


def test_floors_are_floors():
    assert all(floor >= 80 for floor in FLOORS.values())
