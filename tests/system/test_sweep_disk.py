"""A disk that is full in the middle: what was made stays, nothing half is left, and with more room it goes on."""

import subprocess

import pytest

from made_sweeps import images_of, swept
from superpose import make
from superpose.running.sweep.sweeping import sweep


@pytest.fixture
def disk(tmp_path):
    """A disk with room for a few images."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk may be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_a_sweep_that_goes_on_later(disk, tmp_path):
    axes = '[sweep.axes]\n"run.seed" = {range = [0, 12]}\n'
    inline = make("executor", "inline")
    first = sweep(swept(tmp_path, axes), disk, executor=inline).tally
    assert "No space left on device" in first.stopped
    assert first.failed == {}
    assert 0 < first.made < 12
    assert len(images_of(disk)) == 2 * first.made
    subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
    second = sweep(swept(tmp_path, axes), disk, executor=inline).tally
    assert (second.there, second.made, second.stopped) == (first.made, 12 - first.made, "")
    assert len(images_of(disk)) == 24
    assert sorted(path.name for path in disk.iterdir()) == ["jobs", "results.csv", "results.jsonl", "sweep.jsonl"]
