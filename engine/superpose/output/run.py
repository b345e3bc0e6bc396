"""Running a recipe into a folder: images, contact sheet, and going on after a kill."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import torch

from superpose import __version__
from superpose.composition import Composition, compose
from superpose.errors import RecipeError
from superpose.hub import downloads
from superpose.images import read_image, to_pixels
from superpose.output.inputs import Inputs
from superpose.output.png import Origin, atomic, read_origin, write_png
from superpose.output.sheet import sheet
from superpose.output.threads import threads
from superpose.plugins import load_plugins
from superpose.recipe import dumps
from superpose.sampling import State
from superpose.saved_state import load_state, save_state

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.observer import Observer
    from superpose.recipe import Recipe
    from superpose.sampling import Trajectory

#: Seconds between two savings of a state that is under way.
SAVE_EVERY = 20.0


@attrs.frozen
class Outcome:
    """What a run left.

    Attributes:
        images: Paths of the images, in the order of the samples.
        sheet: Path of the contact sheet.
        seconds: Time spent sampling, without loading; 0 where everything was there already.
    """

    images: tuple[Path, ...]
    sheet: Path
    seconds: float


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
    """Run a recipe and leave its images in a folder.

    Arguments:
        recipe: What to make: see `superpose.load`.
        out: The folder; made if it is not there.
        device: A torch device, or ``auto`` for the best there is; the recipe's ``run.device`` when that is set.
        resume: Keep the images of an earlier, unfinished run of this recipe and make the missing ones.
        overwrite: Replace the images of another recipe.
        observers: Shown every step of every batch.
        allow_download: Fetch models that the recipe names on a hub and that are not on this machine.

    Raises:
        RecipeError: If the recipe contradicts itself, or the folder holds the images of another recipe.
        RunError: If something fails on the way; what is finished stays.
    """
    with downloads(allow_download):
        job = Job.of(recipe, Path(out), device=device, resume=resume, overwrite=overwrite)
        for _ in job.make(job.pending, list(observers)):
            pass
        return job.close()


@attrs.define(eq=False)
class Job:
    """A run under way.

    Attributes:
        recipe: What is made.
        composition: What is sampled: its first stage.
        out: The folder.
        pending: Numbers of the samples still to make.
        seconds: Time spent sampling so far.
    """

    recipe: Recipe
    composition: Composition
    out: Path
    pending: tuple[int, ...]
    seconds: float = 0.0
    name: str | None = None
    _text: str = ""
    _inputs: Inputs = attrs.field(factory=Inputs, repr=False)

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        out: Path,
        *,
        device: str = "auto",
        resume: bool = False,
        overwrite: bool = False,
        name: str | None = None,
        inputs: Inputs | None = None,
    ) -> Job:
        """Prepare the folder, read the weights and see what is there already; arguments as in `run`."""
        _make_writable(out)
        with threads(recipe.run.threads):
            composition = compose(recipe, chosen_device(recipe.run.device if device == "auto" else device))
        inputs = inputs or Inputs()
        settled = attrs.evolve(recipe, run=attrs.evolve(recipe.run, rows=composition.rows, device="auto"))
        text = dumps(settled, inputs.name)
        job = cls(recipe, composition, out, (), name=name, text=text, inputs=inputs)
        samples = range(recipe.run.samples)
        found = {k for k in samples if job.path(k).exists()} if name is None else set()
        done = {k for k in found if job.has_made(k)}
        if found - done and not overwrite:
            raise RecipeError(
                f"{out} holds images of another recipe ({job.path(min(found - done)).name} is one): "
                "choose another folder with --out, or replace them with --overwrite"
            )
        job.pending = tuple(k for k in samples if not (resume and k in done))
        return job

    def path(self, sample: int) -> Path:
        """Where a sample goes."""
        return self.out / (self.name or f"{sample:04}.png")

    def origin(self, sample: int) -> Origin:
        """How a sample is made."""
        return Origin(
            self._text,
            sample,
            _versions(self.recipe),
            self._inputs.weights(self.recipe),
            torch.device(self.composition.predictor.device).type,
            self._inputs.pictures,
            self._inputs.files,
        )

    def has_made(self, sample: int) -> bool:
        """Whether the image of a sample is there and was made in just this way."""
        try:
            return read_origin(self.path(sample)) == self.origin(sample)
        except RecipeError:
            return False

    def make(self, samples: Sequence[int], observers: Sequence[Observer] = ()) -> Iterator[Path]:
        """Sample, a batch at a time, and write each image as soon as it is finished."""
        size = self.recipe.run.batch
        for first in range(0, len(samples), size):
            mine = tuple(samples[first : first + size])
            began = time.perf_counter()
            with threads(self.recipe.run.threads):
                images = self._sampled(mine, observers)
            self.seconds += time.perf_counter() - began
            for pixels, sample in zip(to_pixels(images), mine, strict=True):
                write_png(self.path(sample), pixels, self.origin(sample))
                yield self.path(sample)
            for kept in (self._state, self._pictures):
                kept.unlink(missing_ok=True)

    def close(self) -> Outcome:
        """Write the contact sheet of everything the run has made."""
        numbers, last = range(self.recipe.run.samples), self.composition.stages[-1]
        shape = last.predictor.image_shape
        images = torch.stack([read_image(self.path(k), shape) for k in numbers])
        target = self.out / "sheet.png"
        # What acts on a latent acts on its picture, so many times as large.
        subject = last.recipe.subject.scaled(shape[1] / last.predictor.shape[1])
        write_png(target, sheet(images, subject, numbers))
        return Outcome(tuple(self.path(k) for k in numbers), target, self.seconds)

    @property
    def steps(self) -> int:
        """Steps that all pending samples take together, as observers see them: one for each batch and transition."""
        batches = -(-len(self.pending) // self.recipe.run.batch)
        return batches * sum(stage.plan.steps for stage in self.composition.stages)

    @property
    def _state(self) -> Path:
        return self.out / ".state.safetensors"

    @property
    def _pictures(self) -> Path:
        """The pictures of the last stage that was finished, as a state whose step is the number of the next stage."""
        return self.out / ".stage.safetensors"

    def _sampled(self, samples: tuple[int, ...], observers: Sequence[Observer]) -> Tensor:
        about = hashlib.sha256(f"{self.origin(0).to_json()} {samples}".encode()).hexdigest()
        stages = self.composition.stages
        done = self._saved(self._pictures, about, self.composition)
        low = done.x if done else None
        *before, last = stages[done.step if done else 0 :]
        for stage in before:
            low = self._painted(stage, stage.trajectory(samples, low), f"{about} {stage.number}", observers)
            with atomic(self._pictures) as temporary:
                save_state(State(stage.number + 1, low), temporary, about=about)
        return self._painted(last, last.trajectory(samples, low), f"{about} {last.number}", observers)

    def _painted(self, stage: Composition, trajectory: Trajectory, about: str, observers: Sequence[Observer]) -> Tensor:
        keeper = _Keeper(self._state, about)
        try:
            return trajectory.run([*observers], self._saved(self._state, about, stage), keep=keeper.keep)
        except KeyboardInterrupt:
            keeper.save()
            raise

    def _saved(self, path: Path, about: str, stage: Composition) -> State | None:
        if not path.exists():
            return None
        try:
            state, belongs = load_state(path, stage.recipe.scheduler, stage.predictor.device)
        except RecipeError:
            return None  # cut off by the kill that we go on from: start this batch again
        return state if belongs == about else None


class _Keeper:
    """Saves the state now and then, so that a long batch that is killed need not begin again."""

    def __init__(self, path: Path, about: str) -> None:
        self.path, self.about = path, about
        self.latest: State | None = None
        self.saved = time.monotonic()

    def keep(self, state: State) -> None:
        self.latest = state
        if time.monotonic() - self.saved > SAVE_EVERY:
            self.save()

    def save(self) -> None:
        if self.latest is not None:
            with atomic(self.path) as temporary:
                save_state(self.latest, temporary, about=self.about)
        self.saved = time.monotonic()


def chosen_device(name: str) -> str:
    """The torch device of that name; ``auto`` is CUDA, else MPS, else the CPU.

    Raises:
        RecipeError: If there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(1, device=name).cpu()  # a device without memory, as torch's "meta", can't tell what it made
    except (RuntimeError, AssertionError) as error:
        raise RecipeError(f"no device {name!r} here: write auto or cpu") from error
    return name


def _versions(recipe: Recipe) -> dict[str, str]:
    registry = load_plugins()
    owners = [registry.owner(type(kind)) for kind in recipe.kinds()]
    plugins = {owner.distribution: owner.version for owner in owners}
    return {"superpose": __version__, "torch": torch.__version__, **plugins}


def _make_writable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise RecipeError(
            f"cannot write into {out}: {error.strerror or error}; choose another folder with --out"
        ) from error
    for leftover in out.glob(".*.part"):
        leftover.unlink(missing_ok=True)
