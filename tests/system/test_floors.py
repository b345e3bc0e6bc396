"""The floors of coverage: a package that falls below its own, or is not measured, is told."""

import pytest

from floors import FLOORS, below, shares

REPORT = {
    "files": {
        "engine/superpose/kinds/kind.py": {"summary": {"covered_lines": 30, "num_statements": 40}},
        "engine/superpose/kinds/roles.py": {"summary": {"covered_lines": 60, "num_statements": 60}},
        "engine/superpose/media/deep/png.py": {"summary": {"covered_lines": 1, "num_statements": 2}},
        "engine/superpose/errors.py": {"summary": {"covered_lines": 3, "num_statements": 4}},
        "plugins/superpose_views/flip.py": {"summary": {"covered_lines": 5, "num_statements": 5}},
    }
}


def test_the_share_of_a_package_is_that_of_its_files_together():
    found = {"superpose.kinds": 90, "superpose.media": 50, "superpose": 75, "superpose_views": 100}
    assert shares(REPORT) == pytest.approx(found)


def test_what_is_below_its_floor_is_told():
    found = {"kinds": 90.0, "media": 50.0, "new": 99.0}
    media, plugins, new = below(found, {"kinds": 90, "media": 51, "plugins": 1})
    assert media == "media: 50.0 % of its lines are run by tests, and 51 % must be"
    assert plugins.startswith("plugins: 0.0 %")
    assert new == "new: has no floor yet; 99.0 % of its lines are run by tests"


def test_floors_are_floors():
    assert all(floor >= 80 for floor in FLOORS.values())
