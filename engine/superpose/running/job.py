"""Running a recipe into a folder: images, contact sheet, and going on after a kill."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import torch

from superpose.errors import RecipeError
from superpose.media.images import pixels_of, to_pixels
from superpose.media.pictures import embedded
from superpose.media.png import Origin, Print, read_origin, write_png
from superpose.media.sheet import Given, Note
from superpose.recipe import dumps
from superpose.running.album import scale_of
from superpose.running.composition import Composition, compose
from superpose.running.given import given_pictures
from superpose.running.inputs import Inputs
from superpose.running.inspection import inspect
from superpose.running.machine import chosen_device
from superpose.running.place import refuse_to_replace, taken
from superpose.running.record import Record, read_record, settled, versions_of, write_recipe
from superpose.running.renditions import rendition_of, with_renditions, write_rendition
from superpose.running.sampler import Sampler
from superpose.running.sheets import Sheets
from superpose.running.swarms import with_sizes
from superpose.running.threads import threads
from superpose.running.writer import WAITING, Writer

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose.recipe import Recipe
    from superpose.sampling.observer import Observer


@attrs.frozen
class Outcome:
    """Outcome of a run: the files that it left.

    Attributes:
        images: Paths of the images, in the order of the samples.
        sheets: Paths of the contact sheet, one for each page.
        seconds: Time spent sampling, without loading; 0 where everything was there already.
    """

    images: tuple[Path, ...]
    sheets: tuple[Path, ...]
    seconds: float

    @property
    def sheet(self) -> Path:
        """Its first page."""
        return self.sheets[0]

    def _repr_html_(self) -> str:
        """All pages, for notebooks."""
        return "".join(embedded(path.read_bytes(), f"contact sheet, page {i}") for i, path in enumerate(self.sheets, 1))


@attrs.define(eq=False)
class Job:
    """A run under way, in a folder that is its own meanwhile.

    Attributes:
        recipe: What is made.
        composition: What is sampled.
        out: The folder.
        names: What the image of each sample is called that is made; by its number where that is not said.
        resume: Whether to go on from a saved state.
        given: Pictures that the recipe names; the sheet shows them.
        drawn: Number of samples that those which are kept are chosen from; 0 where all are.
        replayed: Origin of the image whose particle is made again, without those beside it; None for a run.
        pending: Numbers of the samples to make; the others were there already.
        made: Numbers of those that are made.
        carried: Numbers of those that are being made.
        steps_of_batch: Steps of all stages.
    """

    recipe: Recipe
    composition: Composition
    out: Path
    names: Mapping[int, str] = attrs.field(factory=dict)
    resume: bool = False
    given: tuple[Given, ...] = attrs.field(default=(), repr=False)
    drawn: int = 0
    replayed: Origin | None = None
    pending: tuple[int, ...] = ()
    made: set[int] = attrs.field(factory=set)
    carried: tuple[int, ...] = ()
    steps_of_batch: int = attrs.field(init=False)
    _sampling: float = 0.0
    _decoding: float = 0.0
    _writer: Writer[[Future[NDArray[np.uint8]], int, Origin], Path] | None = attrs.field(default=None, repr=False)
    _text: str = ""
    _inputs: Inputs = attrs.field(factory=Inputs, repr=False)

    @steps_of_batch.default
    def _transitions(self) -> int:
        return sum(stage.plan.steps for stage in self.composition.stages)

    @classmethod
    @contextmanager
    def of(
        cls,
        recipe: Recipe,
        out: Path,
        *,
        device: str = "auto",
        overwrite: bool = False,
        replayed: Origin | None = None,
        **more: Any,
    ) -> Iterator[Job]:
        """Take the folder, read the weights and see what is there already; arguments as in `run` and `begun`."""
        alone = attrs.evolve(recipe, population=None) if replayed else recipe
        with taken(out):
            with threads(recipe.run.threads):
                # The job alone has the composition, to let its stages go.
                job = cls.begun(
                    recipe,
                    compose(alone, chosen_device(recipe.run.device if device == "auto" else device)),
                    out,
                    replayed=replayed,
                    given=given_pictures(recipe),
                    **more,
                )
            if not replayed:
                job.refuse_to_replace(overwrite)
            try:
                yield job
            finally:
                job.settle()

    @classmethod
    def begun(
        cls, recipe: Recipe, composition: Composition, out: Path, *, inputs: Inputs | None = None, **more: Any
    ) -> Job:
        """The job of a recipe whose weights are read, in a folder that is its own.

        Arguments:
            recipe: What to make.
            composition: What it is sampled by.
            out: The folder.
            inputs: The files that it names, where that is settled.
            more: Further attributes.
        """
        inputs = inputs or Inputs()
        text = dumps(settled(recipe, composition.batch_size), inputs.name)
        job = cls(recipe, composition, out, text=text, inputs=inputs, **more)
        job.pending = tuple(k for k in job.samples if not (job.resume and job.has_made(k) and job.has_rendition(k)))
        return job

    @property
    def seconds(self) -> float:
        """Time spent sampling so far, and decoding what was sampled."""
        return self._sampling + self._decoding

    @property
    def samples(self) -> Sequence[int]:
        """Numbers of all samples, those that were there already included."""
        return tuple(self.names) or range(self.recipe.run.samples)

    @property
    def wanted(self) -> int:
        """Number of all samples."""
        return len(self.samples)

    @property
    def run(self) -> str:
        """Identity of this run: equal for runs that make the same bits, however many samples and in which batches."""
        return hashlib.sha256(self.origin(0).to_json().encode()).hexdigest()[:16]

    def refuse_to_replace(self, overwrite: bool) -> None:
        """Raise `RecipeError` before anything is sampled, if an image or a page would replace what is not this run's.

        Arguments:
            overwrite: Whether images and pages of another recipe may be replaced.
        """
        others = {self.path(k) for k in self.samples if not self.has_made(k, None)}
        refuse_to_replace(with_renditions(others, self.recipe), self.sheets.pages(self.wanted), self.run, overwrite)

    def path(self, sample: int) -> Path:
        """File of a sample."""
        return self.out / self.names.get(sample, f"{sample:04}.png")

    def origin(self, sample: int) -> Origin:
        """Origin of a sample."""
        return Origin(
            self._text,
            sample,
            {"torch": torch.__version__, **versions_of(self.recipe)},
            self._inputs.weights(self.recipe),
            self.device.type,
            self._inputs.pictures,
            self._inputs.files,
            self.drawn,
        )

    def has_made(self, sample: int, columns: tuple[int, ...] | None = (), printed: Print | None = None) -> bool:
        """True where the image of a sample, or a sheet of it, is there, made in just this way.

        Arguments:
            sample: Its number.
            columns: The samples whose columns it is of; None for any.
            printed: The sheet that it is.
        """
        try:
            found = read_origin(self.path(sample))
        except RecipeError:  # of another program, or there is none
            return False
        alike = found.of_any_particle == attrs.evolve(self.origin(sample), printed=printed)
        return alike and columns in (None, found.columns)

    def has_rendition(self, sample: int) -> bool:
        """True where the file beside the image of a sample is there, or there is to be none."""
        beside = rendition_of(self.path(sample), self.recipe)
        return beside is None or beside.is_file()

    def has_chosen(self, count: int) -> bool:
        """True where the best so many of the samples drawn are there, and the others gone."""
        record = read_record(self.out)
        mine = record is not None and record.run == self.run and len(record.samples) == count
        return mine and all(self.has_made(k, None) for k in (record.samples if record else ()))

    def make(
        self,
        samples: Sequence[int],
        observers: Sequence[Observer] = (),
        written: Callable[[Path], object] | None = None,
        *,
        last: bool = False,
    ) -> Iterator[Path]:
        """Sample, a batch at a time, and write images while the next batch is sampled.

        Arguments:
            samples: Their numbers.
            observers: Shown every step.
            written: Told of each image when it is written, by the thread that writes.
            last: Whether nothing is made afterwards: a stage that is done is let go, with networks that it alone has.
        """

        def write(decoded: Future[NDArray[np.uint8]], place: int, origin: Origin) -> Path:
            path, pixels = self.path(origin.sample), decoded.result()[place]
            write_rendition(path, pixels, origin, self.recipe)
            write_png(path, pixels, origin)
            self.made.add(origin.sample)
            if written is not None:
                written(path)
            return path

        with Writer(write, max(WAITING, self.recipe.run.at_once)) as self._writer:
            for origins, pixels in self._drawn(samples, observers, last=last):
                decoded = self._writer.decoded(pixels)
                for place, origin in enumerate(origins):
                    yield from self._writer.put(decoded, place, origin)
                self._writer.then(partial(self._sampler.forget, self.carried))  # once its images are there
            yield from self._writer.rest()

    def make_pending(
        self, observers: Sequence[Observer] = (), written: Callable[[Path], object] | None = None
    ) -> Iterator[Path]:
        """Make all samples that are not there, once; arguments as of `make`."""
        return self.make(self.pending, observers, written, last=True)

    def drawings(
        self, samples: Sequence[int], observers: Sequence[Observer] = ()
    ) -> Iterator[tuple[Origin, NDArray[np.uint8]]]:
        """Sample, a batch at a time: origin and pixels of each image, which nobody has written yet."""
        for origins, pixels in self._drawn(samples, observers):
            yield from zip(origins, pixels(), strict=True)
            self._sampler.forget(self.carried)

    def _drawn(
        self, samples: Sequence[int], observers: Sequence[Observer], *, last: bool = False
    ) -> Iterator[tuple[list[Origin], Callable[[], NDArray[np.uint8]]]]:
        """Sample, a batch at a time: the origins of its images, and what gives their pixels, in whichever thread."""
        sampler = self._sampler
        batches = sampler.batches(samples)
        for mine in batches:
            ends = last and mine is batches[-1]
            if ends:
                self.composition = self.composition.last_stage
            self.carried = mine
            began = time.perf_counter()
            with threads(self.recipe.run.threads):
                check = None if self._writer is None else self._writer.check
                finish, swarms = sampler.sampled(mine, observers, check, last=ends)
                pixels = partial(self._decoded, finish) if self._decodes_beside else pixels_of(finish())
            self._sampling += time.perf_counter() - began
            yield [attrs.evolve(self.origin(k), **it) for k, it in zip(mine, swarms, strict=True)], pixels

    @property
    def _decodes_beside(self) -> bool:
        """True where images may be decoded by another thread than samples the next.

        A GPU does one after the other in any case, and two at a time would take the memory of both; networks that take
        turns can't be asked two at a time; and how torch runs what it compiled is said for all threads at once.
        """
        run = self.recipe.run
        return self.device.type == "cpu" and not run.compile and run.offload == "none"

    def _decoded(self, finish: Callable[[], Tensor]) -> NDArray[np.uint8]:
        began = time.perf_counter()
        with threads(self.recipe.run.threads):
            pixels = to_pixels(finish())
        self._decoding += time.perf_counter() - began
        return pixels

    def close(self, kept: Sequence[int] | None = None, notes: Mapping[int, Note] | None = None) -> Outcome:
        """Write the contact sheet of everything the run has made, and what is to lie beside the images.

        Arguments:
            kept: Numbers of the samples to keep, in the order of the sheet; the others' images are removed.
            notes: What the sheet says of a sample.
        """
        self._sampler.forget()
        numbers = self.samples if kept is None else kept
        for path in with_renditions((self.path(k) for k in set(self.samples) - set(numbers)), self.recipe):
            path.unlink(missing_ok=True)
        images = {k: self.path(k) for k in numbers}
        sheets = self.sheets
        pages = sheets.write(images, with_sizes(notes or {}, images, sheets.subject))
        outcome = Outcome(tuple(images.values()), pages, self.seconds)
        self._account(outcome, images)
        return outcome

    def _account(self, outcome: Outcome, images: Mapping[int, Path]) -> None:
        """Write what is to lie beside the images."""
        inspection = self.composition.inspection or inspect(self.recipe)
        before = read_record(self.out) if self.resume else None
        before = before if before and before.run == self.run else None
        record = Record.of(
            self.origin(0),
            self.run,
            images,
            sheets=tuple(path.name for path in outcome.sheets),
            made=len(self.made) + (before.made if before else 0),
            seconds=round(self.seconds + (before.seconds if before else 0), 3),
            scale=scale_of(self.recipe),
            stages=tuple(
                {"rows": stage.rows, "evaluations": stage.evaluations, "total": stage.total}
                for stage in inspection.stages
            ),
        )
        write_recipe(self.recipe, self.composition.batch_size, self.out)
        record.write(self.out)

    @property
    def steps(self) -> int:
        """Steps that all pending samples take together, as observers see them: one for each batch and transition."""
        return len(self._sampler.batches(self.pending)) * self.steps_of_batch

    @property
    def finished(self) -> int:
        """Number of samples that are there, once what is being written is."""
        self.settle()
        return self.wanted - len(self.pending) + len(self.made)

    @property
    def sheets(self) -> Sheets:
        """The contact sheet."""
        # What acts on a latent acts on its picture, so many times as large.
        subject = self.recipe.subject.scaled(scale_of(self.recipe))
        shape = self.composition.stages[-1].predictor.image_shape
        return Sheets(self.out, self.run, subject, shape, self.given)

    @property
    def _sampler(self) -> Sampler:
        return Sampler(self.composition.stages, self.out, self.run, self.recipe.run.at_once, self.resume, self.replayed)

    @property
    def device(self) -> torch.device:
        """Where it is sampled."""
        return torch.device(self.composition.stages[-1].predictor.device)

    def settle(self) -> None:
        """Wait until all images that are sampled are written."""
        if self._writer is not None:
            self._writer.close()
