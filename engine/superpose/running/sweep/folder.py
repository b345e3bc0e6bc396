"""The folder of a sweep: what is done is what lies there, whole, under its name.

A worker writes into a folder of its own below ``.tmp``, has the disk hold it, and renames it once to ``jobs/ID``. So a
job is there as a whole or not at all, and what is there is never written again. Nothing else is kept: no database, no
server. That a job is done says its folder: its images have the size and the time that were noted when they were
written, or else, as after copying, the digests.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import attrs

from superpose.errors import RecipeError, RunError
from superpose.media.files import read_digest, read_text, regular_file
from superpose.media.writing import clear_drafts, on_disk, write_bytes, write_text
from superpose.running.lock import shared

JOB = "job.json"
JOBS, DRAFTS, FAILED, DIFFERING = "jobs", ".tmp", "failed", "differing"
#: What became of a job that was published: it is new, it was there already, or something else was.
Published = Literal["made", "there", "differs"]


@attrs.frozen
class JobRecord:
    """Account of a job that is done.

    Attributes:
        job: Its identity.
        images: SHA-256 of each image by its name.
        samples: Number of the sample of each.
        seconds: Time spent sampling.
        device: Kind of device that it ran on.
        worker: Machine and process.
        stamps: Of each image by its name, its bytes and the time when it was written, in nanoseconds.
    """

    job: str
    images: Mapping[str, str]
    samples: Sequence[int]
    seconds: float
    device: str
    worker: str
    stamps: Mapping[str, Sequence[int]] = attrs.field(factory=dict)


@attrs.frozen
class SweepFolder:
    """The folder of a sweep.

    Attributes:
        path: Where it is.
    """

    path: Path

    def job(self, name: str) -> Path:
        """Folder of a job."""
        return self.path / JOBS / name

    def finished(self, name: str, *, read: bool = False) -> JobRecord | None:
        """The account of a job that is done, all of whose images are as they were written; None for any other.

        Arguments:
            name: The job.
            read: Read every image, also one of the size and the time that were noted.
        """
        record, folder = self.record(name), self.job(name)
        try:
            whole = record and all(
                (not read and _stamp(folder / it) == record.stamps.get(it)) or read_digest(folder / it) == its
                for it, its in record.images.items()
            )
        except RecipeError:
            return None
        return record if whole else None

    def record(self, name: str) -> JobRecord | None:
        """The account of a job that is there, whose images nobody looks at; None where there is none."""
        return _record(_read(self.job(name) / JOB), name)

    @contextmanager
    def draft(self, name: str) -> Iterator[Path]:
        """A folder to write a job into, which is gone when the block ends."""
        draft = self.path / DRAFTS / f"{name}-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            draft.mkdir(parents=True)
        except OSError as error:
            raise RunError(f"cannot write into {draft.parent}: {error.strerror or error}") from error
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def publish(self, draft: Path, record: JobRecord) -> Published:
        """Give a draft that is whole its name, in one step.

        Of a job that is there already the draft is dropped where it has the same images. One with others is kept
        beside it: the same recipe has made two different things.

        Raises:
            RunError: If it can't be written.
        """
        record = attrs.evolve(record, stamps={name: _stamp(draft / name) for name in record.images})
        write_text(json.dumps(attrs.asdict(record), indent=1) + "\n", draft / JOB)
        target = self.job(record.job)
        try:
            on_disk(draft)
            target.parent.mkdir(parents=True, exist_ok=True)
            while True:
                try:
                    draft.rename(target)
                except OSError:
                    if not target.exists():
                        raise
                else:
                    on_disk(target.parent)
                    return "made"
                there = self.finished(record.job, read=True)
                if there is not None:
                    return self._compared(draft, record, there)
                self._remove(target)  # damaged: somebody has changed or cut its files
        except OSError as error:
            raise RunError(f"cannot write {target}: {error.strerror or error}") from error

    def take(self, name: str, files: Mapping[str, bytes]) -> tuple[Published, str]:
        """Put a job in place that was made on another machine.

        Arguments:
            name: The job.
            files: Content of all of its files by their names, as `publish` has left them there.

        Returns:
            What became of it, and the name of its draft, by which one that differs is called.

        Raises:
            RunError: If it can't be written, or has changed on its way.
        """
        with self.draft(name) as draft:
            for file, content in files.items():
                if Path(file).name != file:
                    raise RunError(f"job {name} has come with a file {file!r}, which is no name of one")
                write_bytes(content, draft / file)
            record = _record(_read(draft / JOB), name)
            if record is None or any(read_digest(draft / it) != its for it, its in record.images.items()):
                raise RunError(f"job {name} has not come as it was made")
            return self.publish(draft, record), draft.name

    def _compared(self, draft: Path, record: JobRecord, there: JobRecord) -> Published:
        if dict(there.images) == dict(record.images):
            return "there"
        if there.device != record.device:  # another kind of device rounds otherwise; the first that came stays
            return "there"
        kept = self.path / DIFFERING / draft.name
        kept.parent.mkdir(exist_ok=True)
        draft.rename(kept)
        return "differs"

    def _remove(self, job: Path) -> None:
        """Take a damaged job away, out of sight first."""
        away = self.path / DRAFTS / f"{job.name}-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            job.rename(away)
        except FileNotFoundError:  # another worker was faster
            return
        shutil.rmtree(away, ignore_errors=True)

    def fail(self, name: str, why: Mapping[str, Any]) -> None:
        """Note that a job has failed, with its traceback."""
        folder = self.path / FAILED
        folder.mkdir(exist_ok=True)
        write_text(json.dumps({"job": name, **why}, indent=1) + "\n", folder / f"{name}.json")

    def failure(self, name: str) -> dict[str, Any] | None:
        """The note of a job that has failed; None where there is none."""
        return _read(self.path / FAILED / f"{name}.json")

    def forgive(self, name: str) -> None:
        """Forget that a job has failed."""
        (self.path / FAILED / f"{name}.json").unlink(missing_ok=True)

    @property
    def differing(self) -> tuple[str, ...]:
        """Names of the jobs that were made twice with different images, the second of which is kept apart."""
        folder = self.path / DIFFERING
        return tuple(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ()

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Work in the folder; the last who leaves clears away what others have left who were killed.

        Whoever writes anything into it holds it meanwhile.

        Yields:
            Whether somebody else works in it, too.
        """
        with shared(self.path, self._clear) as others:
            yield others

    def _clear(self) -> None:
        shutil.rmtree(self.path / DRAFTS, ignore_errors=True)
        clear_drafts(self.path)
        for folder in (self.path / FAILED, self.path / DIFFERING):
            if not folder.is_dir():
                continue
            clear_drafts(folder)
            if not any(folder.iterdir()):
                folder.rmdir()


def _record(values: dict[str, Any] | None, name: str) -> JobRecord | None:
    try:
        record = JobRecord(**values) if values is not None else None
    except TypeError:
        return None
    if record is None or record.job != name:
        return None
    return record if isinstance(record.images, dict) and isinstance(record.stamps, dict) else None


def _stamp(path: Path) -> list[int]:
    """Size of a file and the time when it was written, which renaming leaves alone."""
    about = regular_file(path).stat()
    return [about.st_size, about.st_mtime_ns]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(read_text(path))
    except (RecipeError, ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None
