"""One run at a time in a folder, and a folder that is free again when the run is over."""

import os

import pytest

from superpose import RunError
from superpose.running.lock import LOCK, locked

pytest.importorskip("fcntl")


def test_a_second_one_is_told_who_holds_it(tmp_path):
    with locked(tmp_path):
        assert (tmp_path / LOCK).read_text() == str(os.getpid())
        with (
            pytest.raises(RunError, match=rf"another run \(process {os.getpid()}\) writes into .*: wait for it"),
            locked(tmp_path),
        ):
            raise AssertionError
    assert not (tmp_path / LOCK).exists()


def test_it_is_free_after_a_failure(tmp_path):
    with pytest.raises(ValueError, match="within"), locked(tmp_path):
        raise ValueError("within")
    with locked(tmp_path):
        pass


def test_what_a_dead_run_left_is_no_obstacle(tmp_path):
    (tmp_path / LOCK).write_text("1234567890123")
    with locked(tmp_path):
        assert (tmp_path / LOCK).read_text() == str(os.getpid())


def test_a_link_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / LOCK).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"), locked(folder):
        raise AssertionError
    assert victim.read_text() == "precious"


def test_where_locks_are_not_known_runs_go_on(tmp_path, monkeypatch):
    def unknown(descriptor, how):
        raise OSError("no locks available")

    monkeypatch.setattr("superpose.running.lock.fcntl.flock", unknown)
    with locked(tmp_path):
        assert not (tmp_path / LOCK).exists()
