"""A run over several files: the job of each, one after the other, with the weights read once, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose.media.animation import write_animation
from superpose.media.hub import downloads
from superpose.media.images import read_picture
from superpose.media.sheet import Note, readings
from superpose.recipe.patterns import several
from superpose.running.composition import compose_of
from superpose.running.contradictions import contradictions
from superpose.running.job import Job, Outcome
from superpose.running.machine import chosen_device
from superpose.running.networks import Networks
from superpose.running.place import refuse_to_replace, taken
from superpose.running.record import write_recipe
from superpose.running.several import Member, Several, identity, members_of
from superpose.running.sheets import Sheets
from superpose.running.threads import threads

if TYPE_CHECKING:
    from superpose.recipe import Recipe
    from superpose.sampling.observer import Observer


def run(
    recipe: Recipe,
    out: str | Path,
    *,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    observers: Iterable[Observer] = (),
    allow_download: bool = False,
) -> Outcome:
    """Run a recipe and leave its images in a folder; of one that names several files, an image of each.

    Arguments:
        recipe: What to make: see `superpose.load`.
        out: The folder; made if it is not there.
        device: A torch device, or ``auto`` for the best there is; the recipe's ``run.device`` when that is set.
        resume: Keep the images of an earlier, unfinished run of this recipe and make the missing ones.
        overwrite: Replace the images of another recipe.
        observers: Shown every step of every batch.
        allow_download: Fetch models that the recipe names on a hub and that are not on this machine.

    Raises:
        RecipeError: If the recipe contradicts itself, or the folder holds what this run would replace.
        RunError: If another run writes into the folder, or something fails on the way; what is finished stays.
    """
    begin = Series.of if several(recipe) else Job.of
    with downloads(allow_download), begin(recipe, Path(out), device=device, resume=resume, overwrite=overwrite) as job:
        for _ in job.make_pending(list(observers)):
            pass
        return job.close()


@attrs.define(eq=False)
class Series:
    """A run over several files under way.

    Attributes:
        recipe: What names them all.
        over: What it stands for.
        jobs: One for each file; until it is its turn each has the composition of the first.
        out: The folder.
        device: Where they run.
        networks: The networks that were read.
    """

    recipe: Recipe
    over: Several
    jobs: tuple[Job, ...]
    out: Path
    device: str
    networks: Networks

    @classmethod
    @contextmanager
    def of(
        cls, recipe: Recipe, out: Path, *, device: str = "auto", resume: bool = False, overwrite: bool = False
    ) -> Iterator[Series]:
        """Take the folder, read the weights and see what is there already; arguments as of `superpose.run`."""
        chosen = chosen_device(recipe.run.device if device == "auto" else device)
        with members_of(recipe) as over, taken(out):
            if found := contradictions(recipe):
                raise recipe.located(found)
            networks = Networks(recipe.run, chosen)
            with threads(recipe.run.threads):
                first = compose_of(over.members[0].recipe, networks)
            jobs = tuple(
                Job.begun(member.recipe, first, out, names=member.names(), resume=resume) for member in over.members
            )
            series = cls(recipe, over, jobs, out, chosen, networks)
            others = {job.path(k) for job in jobs for k in job.samples if not job.has_made(k, None)}
            refuse_to_replace(others, series.sheets.pages(series.wanted), series.run, overwrite)
            try:
                yield series
            finally:
                for job in jobs:
                    job.settle()

    @property
    def run(self) -> str:
        """Identity of the run."""
        return identity([job.run for job in self.jobs])

    @property
    def wanted(self) -> int:
        """Number of all images."""
        return sum(job.wanted for job in self.jobs)

    @property
    def steps(self) -> int:
        """Steps that all pending samples take together."""
        return sum(job.steps for job in self.jobs)

    @property
    def pending(self) -> tuple[int, ...]:
        """Numbers of the samples to make, file by file."""
        return tuple(k for job in self.jobs for k in job.pending)

    @property
    def made(self) -> tuple[int, ...]:
        """Those of them that are made."""
        return tuple(k for job in self.jobs for k in job.made)

    @property
    def carried(self) -> tuple[int, ...]:
        """Those that are being made."""
        return next((job.carried for job in reversed(self.jobs) if job.carried), ())

    @property
    def finished(self) -> int:
        """Number of images that are there."""
        return sum(job.finished for job in self.jobs)

    @property
    def sheets(self) -> Sheets:
        """The contact sheet of all images."""
        return attrs.evolve(self.jobs[0].sheets, run=self.run, given=())

    def make_pending(
        self, observers: Sequence[Observer] = (), written: Callable[[Path], object] | None = None
    ) -> Iterator[Path]:
        """Make all samples that are not there, file by file; arguments as of `Job.make`."""
        first = self.jobs[0].composition
        rows = first.batch_size  # counted once: all files ask as many
        for job in self.jobs:
            if job.pending and job is not self.jobs[0]:
                alone = attrs.evolve(job.recipe, run=attrs.evolve(job.recipe.run, batch_size=rows))
                with threads(self.recipe.run.threads):
                    job.composition = compose_of(alone, self.networks.copy())
            yield from job.make_pending(observers, written)
            job.composition = first  # what was read of the file is let go

    def close(self) -> Outcome:
        """Write the sheet, the recipe, and the film where the files were the frames of one."""
        named = [(member.name, job.path(k)) for member, job in self._pairs() for k in job.samples]
        images = dict(enumerate(path for _, path in named))
        blank = (None,) * len(readings(self.recipe.subject))
        notes: Mapping[int, Note] = {i: Note(name, blank) for i, (name, _) in enumerate(named)}
        write_recipe(self.recipe, self.jobs[0].composition.batch_size, self.out)
        sheets = self.sheets.write(images, notes)
        return Outcome(tuple(images.values()), (*sheets, *self._films()), sum(job.seconds for job in self.jobs))

    def _pairs(self) -> Iterator[tuple[Member, Job]]:
        return zip(self.over.members, self.jobs, strict=True)

    def _films(self) -> Iterator[Path]:
        """The films of the images, one for each sample of a file, called and timed as the one that was given."""
        if self.over.film is None:
            return
        name, film = self.over.film
        for i in range(self.recipe.run.samples):
            end = f"-{i:04}" * (self.recipe.run.samples > 1)
            path = self.out / f"{Path(name).stem}{end}{Path(name).suffix.lower()}"
            frames = (np.ascontiguousarray(read_picture(job.path(job.samples[i]))) for job in self.jobs)
            write_animation(path, frames, film.ticks, film.fps)
            yield path
