"""Sweeps: ``[sweep]`` in a recipe makes many recipes of it, in an order that is a function of the text alone."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RecipeError
from superpose.kinds.kind import option
from superpose.plugins import Registry, load_plugins
from superpose.recipe.axes import Axis, names_of, plain_value, read_axes
from superpose.recipe.filter import Filter
from superpose.recipe.grammar import read_recipe, read_requires
from superpose.recipe.loading import overridden, plain_tables, text_of
from superpose.recipe.mistakes import Mistake, MistakesError, Source, dotted
from superpose.recipe.overrides import put
from superpose.recipe.plain import inline
from superpose.recipe.read import WRONG, Reader, Wrong
from superpose.recipe.where import KeyPath, TomlTable, locate
from superpose.recipe.wildcards import Wildcards, has_wildcards
from superpose.running.executor import Executor

if TYPE_CHECKING:
    from superpose.recipe.tables import Recipe

#: Combinations of the values of all axes, at most.
POINTS = 200_000


@attrs.frozen(kw_only=True)
class SweepOptions:
    """Axes of a sweep, how they go together, and how its jobs are carried out.

    Every combination of the values of all axes is a point; the last axis changes first. A point is one job, or several
    where it has many samples.
    """

    zip: tuple[tuple[str, ...], ...] = option((), doc="groups of axes that change together, value by value")
    where: str = option("", doc="only points for which this holds, such as 'scale < 8 or seed < 10'; all if empty")
    wildcards: bool = option(True, doc="whether {cat|dog} and __animals__ in prompts are choices, one for each sample")
    chunk: int = option(0, doc="samples of a job, at most; 0 for run.at_once", ge=0, le=100_000)
    retries: int = option(2, doc="times that a job is tried again before it has failed", ge=0, le=100)
    executor: Executor | None = option(None, doc="where jobs are carried out; absent for the best of this machine")
    timeout: float = option(0.0, doc="seconds after which a job counts as hanging and is stopped; 0 for never", ge=0.0)


@attrs.frozen
class Point:
    """One combination of the values of all axes.

    Attributes:
        number: Its place among all that the condition lets through.
        choice: The number of the value of each axis.
        values: The value of each axis by its key, as plain TOML.
    """

    number: int
    choice: tuple[int, ...]
    values: Mapping[str, object]

    def __str__(self) -> str:
        """The values, as a recipe would set them: ``guidance.scale = 2, run.seed = 0``."""
        return ", ".join(f"{key} = {inline(value)}" for key, value in self.values.items())


@attrs.frozen(eq=False)
class Sweep:
    """A recipe with axes.

    Attributes:
        name: Name of its file.
        folder: What paths in it are relative to.
        axes: What changes.
        options: How the axes go together and how jobs are carried out.
        filter: What lets a point through; None where all are.
    """

    name: str
    folder: Path
    axes: tuple[Axis, ...]
    options: SweepOptions
    filter: Filter | None
    _data: TomlTable = attrs.field(repr=False)
    _source: Source = attrs.field(repr=False)
    _registry: Registry = attrs.field(repr=False)

    @property
    def points(self) -> Iterator[Point]:
        """The points in order, those that the condition lets through.

        Raises:
            RecipeError: If the condition can't be told of one.
        """
        values = [tuple(map(plain_value, axis.values)) for axis in self.axes]
        number = 0
        for choice in self._choices():
            mine = [column[i] for column, i in zip(values, choice, strict=True)]
            if self._passes(mine):
                yield Point(number, choice, {axis.key: value for axis, value in zip(self.axes, mine, strict=True)})
                number += 1

    def recipe(self, point: Point) -> Recipe:
        """The recipe of a point; mistakes in a value are told where its axis has it.

        Raises:
            RecipeError: With every mistake in it.
        """
        recipe, source, found = self._read(point)
        if recipe is WRONG or found:
            raise MistakesError(source.mistakes(found))
        return attrs.evolve(recipe, source=source)

    def _read(self, point: Point) -> tuple[Recipe | Wrong, Source, list[tuple[KeyPath, str]]]:
        """The recipe of a point, the places of its values, and what is wrong with it."""
        data = copy.deepcopy(self._data)
        places: dict[KeyPath, KeyPath] = {}
        misplaced: list[tuple[KeyPath, str]] = []
        for axis, i in zip(self.axes, point.choice, strict=True):
            try:
                paths = put(data, axis.keys, copy.deepcopy(axis.values[i]))
            except ValueError as error:
                misplaced.append((axis.place, str(error)))
            else:
                places |= dict.fromkeys(paths, axis.place_of(i))
        source = self._source.moved(places)
        reader = Reader(self._registry, self.folder)
        return read_recipe(reader, data), source, [*misplaced, *reader.mistakes]

    def recipes(self) -> Iterator[tuple[Point, Recipe]]:
        """Every point and its recipe.

        Raises:
            RecipeError: With the mistakes of all points, each told once.
        """
        mistakes: dict[Mistake, tuple[bool, int, int]] = {}
        for point in self.points:
            recipe, source, found = self._read(point)
            if recipe is WRONG or found:
                mistakes |= {mistake: rank for rank, mistake in source.ranked(found)}
            else:
                yield point, attrs.evolve(recipe, source=source)
        if mistakes:
            raise MistakesError(sorted(mistakes, key=lambda mistake: mistakes[mistake]))

    def parts(self, recipe: Recipe) -> Iterator[tuple[Recipe, tuple[int, ...]]]:
        """The recipe of a point in parts that are a job each: what is made, and the numbers of the samples.

        Raises:
            RecipeError: If a wildcard has nothing to choose from.
        """
        size = self.options.chunk or recipe.run.at_once
        wild = Wildcards(self.folder) if self.options.wildcards and has_wildcards(recipe.subject) else None
        for first in range(0, recipe.run.samples, size):
            samples = range(first, min(first + size, recipe.run.samples))
            if wild is None:
                yield recipe, tuple(samples)
                continue
            told: dict[Any, list[int]] = {}
            for sample in samples:
                told.setdefault(self._resolved(recipe, wild, sample), []).append(sample)
            yield from ((attrs.evolve(recipe, subject=subject), tuple(mine)) for subject, mine in told.items())

    def _resolved(self, recipe: Recipe, wild: Wildcards, sample: int) -> object:
        try:
            return wild.resolved(recipe.subject, recipe.run.seed, sample)
        except (ValueError, RecipeError) as error:
            raise recipe.located([((), str(error))]) from error

    def _passes(self, values: list[object]) -> bool:
        try:
            return self.filter is None or self.filter.holds(values)
        except ValueError as error:
            raise MistakesError(self._source.mistakes([(("sweep", "where"), str(error))])) from error

    def _choices(self) -> Iterator[tuple[int, ...]]:
        """Numbers of the values of all axes, those of a group changing together."""
        groups = _groups(self.axes, self.options.zip)
        for picked in itertools.product(*(range(len(self.axes[group[0]].values)) for group in groups)):
            mine = {axis: i for group, i in zip(groups, picked, strict=True) for axis in group}
            yield tuple(mine[number] for number in range(len(self.axes)))


def is_sweep(path: str | Path) -> bool:
    """True where a file is a recipe with ``[sweep]``; False also where it is none, which `load` then tells."""
    try:
        return "sweep" in plain_tables(text_of(path), str(path))
    except RecipeError:
        return False


def load_sweep(path: str | Path, overrides: Iterable[str] = (), *, registry: Registry | None = None) -> Sweep:
    """Read a recipe that has ``[sweep]`` from a file.

    Arguments:
        path: The TOML file; paths in it, and files of its axes, are relative to its folder.
        overrides: Changes as `load` has them; the axes change what is left.
        registry: The kinds there are; all installed ones by default.

    Raises:
        RecipeError: With every mistake in the table and in the axes; those in recipes are told by `Sweep.recipes`.
    """
    text = text_of(path)
    data = plain_tables(text, str(path))
    sets, misplaced = overridden(data, overrides)
    source = Source(str(path), locate(text), sets)
    reader = Reader(registry or load_plugins(), Path(path).parent)
    if "sweep" not in data:
        reader.wrong((), "there is no [sweep] in it: write one, with [sweep.axes] below it, or run it: superpose run")
    read = WRONG if reader.mistakes else _read(reader, data.pop("sweep"))
    if reader.mistakes:
        read_requires(reader, data.get("requires", []))  # perhaps what is missing is all that is wrong
    if read is WRONG or reader.mistakes or misplaced:
        raise MistakesError([*source.mistakes(reader.mistakes), *misplaced])
    axes, options, passing = read
    if lost := [(one.target, one) for one in sets.values() if dotted(one.target) in {axis.key for axis in axes}]:
        what = "is an axis, which would change it again: set sweep.axes, such as 'sweep.axes.\"run.seed\"=[1, 2]'"
        raise MistakesError(source.mistakes((path, what) for path, _ in lost))
    sweep = Sweep(str(path), Path(path).parent, axes, options, passing, data, source, reader.registry)
    if next(sweep.points, None) is None:
        raise MistakesError(source.mistakes([(("sweep", "where"), "lets no point through")]))
    return sweep


def _read(reader: Reader, given: object) -> tuple[tuple[Axis, ...], SweepOptions, Filter | None] | Wrong:
    path: KeyPath = ("sweep",)
    table = reader.table(given, path, "[sweep] and [sweep.axes]")
    if table is WRONG:
        return WRONG
    options = reader.options(SweepOptions, table, path, ("axes",))
    axes = read_axes(reader, table.get("axes", {}), (*path, "axes"))
    if options is WRONG or axes is WRONG:
        return WRONG
    for what in _unzipped(axes, options.zip):
        reader.wrong((*path, "zip"), what)
    if reader.mistakes:
        return WRONG
    points = 1
    for group in _groups(axes, options.zip):
        points *= len(axes[group[0]].values)
    if points > POINTS:
        return reader.wrong(path, f"{points:,} points are more than a sweep may have ({POINTS:,}): make several of it")
    passing = None
    if options.where.strip():
        try:
            passing = Filter.of(options.where, names_of(axes))
        except ValueError as error:
            return reader.wrong((*path, "where"), str(error))
    return axes, options, passing


def _unzipped(axes: Sequence[Axis], groups: Sequence[Sequence[str]]) -> Iterator[str]:
    """Mistakes in the groups of axes that change together."""
    sizes = {axis.key: len(axis.values) for axis in axes}
    named = [key for group in groups for key in group]
    for key in dict.fromkeys(named):
        if key not in sizes:
            yield f"there is no axis {key!r}: the axes are {', '.join(sizes)}"
        elif named.count(key) > 1:
            yield f"{key!r} stands in two groups, and can change with one alone"
    for group in groups:
        counts = {key: sizes[key] for key in group if key in sizes}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{key} has {size}" for key, size in counts.items())
            yield f"axes that change together have as many values each: {told}"


def _groups(axes: Sequence[Axis], groups: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """Numbers of the axes of each group, in the order of the first of each; an axis of no group is one alone."""
    numbers = {axis.key: i for i, axis in enumerate(axes)}
    together = {numbers[key]: tuple(sorted(numbers[it] for it in group)) for group in groups for key in group}
    return list(dict.fromkeys(together.get(i, (i,)) for i in range(len(axes))))
