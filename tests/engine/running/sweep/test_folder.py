"""The folder of a sweep: a job is there whole or not at all, and no second one takes its place."""

import errno
import hashlib
import json
import os
from pathlib import Path

import attrs
import pytest

from superpose import RunError
from superpose.running.sweep.folder import JobRecord, SweepFolder


@pytest.fixture
def folder(tmp_path):
    return SweepFolder(tmp_path)


def published(folder, name="one", content=b"image", device="cpu"):
    with folder.draft(name) as draft:
        (draft / "0000.png").write_bytes(content)
        digests = {"0000.png": hashlib.sha256(content).hexdigest()}
        record = JobRecord(job=name, images=digests, samples=[0], seconds=1.0, device=device, worker="here:1")
        return folder.publish(draft, record)


def test_a_job_that_is_published_is_finished(folder):
    assert folder.finished("one") is None
    assert published(folder) == "made"
    assert folder.finished("one").samples == [0]
    assert sorted(path.name for path in folder.job("one").iterdir()) == ["0000.png", "job.json"]
    assert not any((folder.path / ".tmp").iterdir())


def test_a_second_one_that_is_equal_is_dropped(folder):
    published(folder)
    before = (folder.job("one") / "job.json").stat().st_ino
    assert published(folder) == "there"
    assert (folder.job("one") / "job.json").stat().st_ino == before
    assert folder.differing == ()


def test_a_second_one_that_differs_is_an_alarm_and_both_are_kept(folder):
    published(folder)
    assert published(folder, content=b"other") == "differs"
    assert (folder.job("one") / "0000.png").read_bytes() == b"image"
    [kept] = folder.differing
    assert kept.startswith("one-")
    assert (folder.path / "differing" / kept / "0000.png").read_bytes() == b"other"


def test_another_kind_of_device_is_no_alarm(folder):
    published(folder)
    assert published(folder, content=b"other", device="cuda") == "there"
    assert folder.differing == ()


@pytest.mark.parametrize("damage", ["cut", "gone", "renamed", "no account", "no json", "of another"])
def test_a_damaged_job_is_not_finished_and_is_made_again(folder, damage):
    published(folder)
    job = folder.job("one")
    match damage:
        case "cut":
            (job / "0000.png").write_bytes(b"imag")
        case "gone":
            (job / "0000.png").unlink()
        case "renamed":
            (job / "0000.png").rename(job / "0001.png")
        case "no account":
            (job / "job.json").unlink()
        case "no json":
            (job / "job.json").write_text("[1")
        case "of another":
            text = json.loads((job / "job.json").read_text())
            (job / "job.json").write_text(json.dumps({**text, "job": "two"}))
    assert folder.finished("one") is None
    assert published(folder) == "made"
    assert folder.finished("one") is not None


def test_an_image_of_the_same_size_and_time_is_read_on_request_alone(folder):
    published(folder)
    image = folder.job("one") / "0000.png"
    before = image.stat()
    image.write_bytes(b"amige")
    assert folder.finished("one") is None
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert folder.finished("one") is not None
    assert folder.finished("one", read=True) is None
    assert published(folder) == "made", "who publishes the same job reads what is there"


def test_a_copy_with_other_times_is_read_and_whole(folder):
    published(folder)
    os.utime(folder.job("one") / "0000.png", ns=(1, 1))
    assert folder.finished("one") is not None


def test_a_job_without_noted_times_is_read(folder):
    published(folder)
    account = folder.job("one") / "job.json"
    text = json.loads(account.read_text())
    del text["stamps"]
    account.write_text(json.dumps(text))
    assert folder.finished("one") is not None
    (folder.job("one") / "0000.png").unlink()
    assert folder.finished("one") is None


def test_a_job_from_another_machine_is_taken_once_whole(folder, tmp_path):
    far = SweepFolder(tmp_path / "far")
    published(far)
    files = {path.name: path.read_bytes() for path in far.job("one").iterdir()}
    assert folder.take("one", files)[0] == "made"
    assert folder.take("one", files)[0] == "there"
    assert folder.finished("one", read=True) is not None
    for wrong in ({**files, "0000.png": b"cut"}, {**files, "../0001.png": b"image"}, {"0000.png": b"image"}):
        with pytest.raises(RunError):
            folder.take("one", wrong)
    with pytest.raises(RunError, match="has not come as it was made"):
        folder.take("two", files)
    assert sorted(path.name for path in folder.path.rglob("*.png")) == ["0000.png", "0000.png"]


def test_a_draft_that_fails_leaves_nothing(folder):
    def broken():
        with folder.draft("one") as draft:
            (draft / "0000.png").write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert not folder.job("one").exists()
    assert not any((folder.path / ".tmp").iterdir())


def test_a_disk_that_takes_nothing_is_told(folder, monkeypatch):
    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(RunError, match="No space left on device"):
        published(folder)
    assert not folder.job("one").exists()


def test_failures_are_noted_and_forgiven(folder):
    assert folder.failure("one") is None
    folder.fail("one", {"error": "it broke"})
    assert folder.failure("one") == {"job": "one", "error": "it broke"}
    folder.forgive("one")
    folder.forgive("one")
    assert folder.failure("one") is None


def test_the_last_who_leaves_clears_up(folder):
    with folder.held() as others:
        assert not others
        with folder.held() as mine:
            assert mine
            (folder.path / ".tmp" / "left").mkdir(parents=True)
            (folder.path / "failed").mkdir()
        assert (folder.path / ".tmp" / "left").exists()
    assert [path.name for path in folder.path.iterdir()] == []


def test_drafts_of_the_dead_are_cleared_away_wherever_they_lie(folder):
    published(folder)
    folder.fail("two", {"error": "it broke"})
    published(folder, content=b"other")
    for place in (folder.path, folder.path / "failed"):
        draft = place / ".superpose-123-0123abcd.part"
        draft.mkdir()
        (draft / "half").write_text("ha")
    with folder.held():
        pass
    assert sorted(path.name for path in folder.path.iterdir()) == ["differing", "failed", "jobs"]
    assert [path.name for path in (folder.path / "failed").iterdir()] == ["two.json"]


def test_a_record_is_written_as_it_is_read(folder):
    published(folder)
    assert attrs.asdict(folder.finished("one")) == json.loads((folder.job("one") / "job.json").read_text())
