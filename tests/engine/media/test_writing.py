"""Files are whole or absent, on the disk before they have their name, and have the permissions that the user wants."""

import os
import stat
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from superpose import RunError, replacing, write_tensors, write_text
from superpose.media.writing import clear_drafts

resource = pytest.importorskip("resource")  # not on Windows


@pytest.fixture
def small_files():
    """No file may grow past 4,096 bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_a_file_has_the_permissions_of_the_umask(umask, tmp_path):
    before = os.umask(umask)
    try:
        write_tensors({"a": torch.zeros(3)}, tmp_path / "tensors")
        write_text("text", tmp_path / "text")
    finally:
        os.umask(before)
    for name in ("tensors", "text"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~umask, name


def test_tensors_are_what_was_written(tmp_path):
    transposed = torch.arange(6.0).reshape(2, 3).T  # not contiguous
    write_tensors({"a": transposed}, tmp_path / "a", {"said": "x"})
    assert torch.equal(load_file(tmp_path / "a")["a"], transposed)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, small_files):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RunError, match=f"cannot write {path}: "):
        write_tensors({"a": torch.zeros(4096)}, path)
    with pytest.raises(RunError, match=f"cannot write {path}: File too large"):
        write_text("x" * 5000, path)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_fails_on_the_way_leaves_nothing(error, tmp_path):
    def write():
        with replacing(tmp_path / "file") as draft:
            draft.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert not list(tmp_path.iterdir())


def test_a_renaming_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "file" / "inside").mkdir(parents=True)
    with pytest.raises(RunError, match="cannot write"):
        write_text("text", tmp_path / "file")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append("fsync"), fsync(fd)))
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append("rename"), replace(self, to)))
    write_text("text", tmp_path / "file")
    assert done[:2] == ["fsync", "rename"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text("text", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_only_drafts_of_ours_are_cleared(tmp_path):
    theirs = [".download.part", ".superpose.part", ".superpose-notes.part", "superpose-1-00000000.part"]
    for name in theirs:
        (tmp_path / name).write_text("mine")
    ours = tmp_path / ".superpose-123-0123abcd.part"
    ours.mkdir()
    (ours / "x.png").write_text("half")
    (ours / ".tmpAbC123").write_text("half")
    clear_drafts(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(theirs)
