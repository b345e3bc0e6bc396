"""The plan of a sweep: every job that there is to be, written before the first is begun."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RecipeError
from superpose.estimate.classifier import Classifier
from superpose.estimate.model import Model
from superpose.media.files import read_text
from superpose.media.writing import write_text
from superpose.recipe import MistakesError, dumps
from superpose.running.sweep.identity import identity

if TYPE_CHECKING:
    from superpose.recipe import Recipe, Sweep

PLAN = "sweep.jsonl"
#: Bytes of a plan that are read, at most.
LARGEST = 2**31


@attrs.frozen
class Costs:
    """Costs of a recipe, which need torch to be counted, and are therefore kept in the plan.

    Attributes:
        rows: Rows of every forward pass.
        total: Rows of one sample in the whole run.
        stages: Of each stage, as the account of a run has them.
    """

    rows: int
    total: int
    stages: Sequence[Mapping[str, int]]


@attrs.frozen
class PlannedJob:
    """One job of a plan.

    Attributes:
        job: Its identity.
        samples: Numbers of its samples.
        points: The values of the axes, of each point that it is a part of.
        recipe: The recipe in TOML, every option written out and every path whole.
        group: Number of the networks that it needs: those of one number are the same.
        costs: Its costs.
    """

    job: str
    samples: Sequence[int]
    points: Sequence[Mapping[str, object]]
    recipe: str = attrs.field(repr=False)
    group: int = 0
    costs: Costs = Costs(0, 0, ())

    @property
    def rows(self) -> int:
        """Network rows of all its samples."""
        return self.costs.total * len(self.samples)


@attrs.frozen
class SweepPlan:
    """All jobs of a sweep.

    Attributes:
        name: Name of the recipe's file.
        axes: Keys of the axes.
        jobs: The jobs in order, each once however many points it is a part of.
        threads: Threads of a run, the most that a job has.
    """

    name: str
    axes: Sequence[str]
    jobs: Sequence[PlannedJob]
    threads: int = 1

    @property
    def rows(self) -> int:
        """Network rows of all jobs."""
        return sum(job.rows for job in self.jobs)

    @property
    def samples(self) -> int:
        """Samples of all jobs."""
        return sum(len(job.samples) for job in self.jobs)

    def write(self, folder: Path) -> None:
        """Write it into the folder of its sweep, whole or not at all.

        Raises:
            RunError: If it can't be written.
        """
        head = {"sweep": self.name, "axes": self.axes, "threads": self.threads}
        lines = [head, *(attrs.asdict(job) for job in self.jobs)]
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        path = folder / PLAN
        if not path.exists() or path.stat().st_size != len(text) or path.read_text(encoding="utf-8") != text:
            write_text(text, path)


def read_plan(folder: Path) -> SweepPlan | None:
    """The plan in the folder of a sweep; None where there is none that can be read."""
    try:
        head, *lines = map(json.loads, read_text(folder / PLAN, LARGEST).splitlines())
        jobs = [PlannedJob(**{**line, "costs": Costs(**line["costs"])}) for line in lines]
        return SweepPlan(head["sweep"], head["axes"], jobs, head["threads"])
    except (RecipeError, ValueError, TypeError, KeyError, RecursionError):
        return None


def planned(
    sweep: Sweep, before: SweepPlan | None = None, watch: Callable[[int, int], object] = lambda *_: None
) -> SweepPlan:
    """The plan of a sweep. Where all jobs are in the plan of ``before``, no torch is imported for it.

    Arguments:
        sweep: The sweep.
        before: An earlier plan, whose costs hold for its jobs.
        watch: Told how many recipes have been inspected, of how many.

    Raises:
        RecipeError: With every mistake of every recipe, each told once.
    """
    found: dict[str, _Found] = {}
    threads = 1
    for point, whole in sweep.recipes():
        threads = max(threads, whole.run.threads)
        for recipe, samples in sweep.parts(whole):
            name = identity(recipe, samples)
            found.setdefault(name, _Found(recipe, samples, [])).points.append(point.values)
    known = {job.job: job.costs for job in before.jobs} if before else {}
    known |= _inspected({name: it for name, it in found.items() if name not in known}, watch)
    groups: dict[object, int] = {}
    jobs = []
    for name, it in found.items():
        networks = (*(kind for kind in it.recipe.kinds() if isinstance(kind, Model | Classifier)), it.recipe.run.dtype)
        group = groups.setdefault(networks, len(groups))
        run = attrs.evolve(it.recipe.run, batch_size=known[name].rows)
        text = dumps(attrs.evolve(it.recipe, run=run))
        jobs.append(PlannedJob(name, list(it.samples), it.points, text, group, known[name]))
    return SweepPlan(sweep.name, [axis.key for axis in sweep.axes], jobs, threads)


@attrs.frozen
class _Found:
    recipe: Recipe
    samples: tuple[int, ...]
    points: list[Mapping[str, object]]


def _inspected(found: Mapping[str, _Found], watch: Callable[[int, int], object]) -> dict[str, Costs]:
    """The costs of jobs; those that differ in seed and number of samples alone are inspected once."""
    if not found:
        return {}
    from superpose.recipe.patterns import several
    from superpose.running.composition import batch_size_of
    from superpose.running.inspection import inspect

    alike: dict[Recipe, list[str]] = {}
    for name, it in found.items():
        run = attrs.evolve(it.recipe.run, seed=0, samples=1)
        alike.setdefault(attrs.evolve(it.recipe, run=run, source=it.recipe.source), []).append(name)
    costs: dict[str, Costs] = {}
    mistakes: dict[str, list[Any]] = {}
    for number, (recipe, names) in enumerate(alike.items()):
        try:
            if paths := several(recipe):
                raise recipe.located([((), f'{paths[0]} names several files: make an axis of them, {{files = "..."}}')])
            inspected = inspect(recipe)
        except MistakesError as error:
            for mistake in error.mistakes:
                mistakes.setdefault(mistake.line, []).append((mistake, found[names[0]].points[0]))
            continue
        stages = [{"rows": it.rows, "evaluations": it.evaluations, "total": it.total} for it in inspected.stages]
        costs |= dict.fromkeys(names, Costs(batch_size_of(recipe, inspected), inspected.total, stages))
        watch(number + 1, len(alike))
    if mistakes:
        raise MistakesError(_told(mistakes.values(), len(alike)))
    return costs


def _told(mistakes: Iterable[list[Any]], count: int) -> Iterator[Any]:
    """Mistakes of recipes, each with the first point that has it where not all have."""
    for all_of_one in mistakes:
        mistake, point = all_of_one[0]
        where = ", ".join(f"{key} = {value}" for key, value in point.items())
        note = "" if len(all_of_one) == count else f" (in {len(all_of_one)} of {count} recipes; first with {where})"
        yield mistake._replace(line=mistake.line + note, what=mistake.what + note)


def by_networks(jobs: Iterable[PlannedJob]) -> list[PlannedJob]:
    """Jobs in the order in which workers do them: those of the same networks follow each other, and of like rows."""
    listed = list(jobs)
    counted = Counter(job.group for job in listed)
    return sorted(listed, key=lambda job: (-counted[job.group], job.group, job.costs.rows))
