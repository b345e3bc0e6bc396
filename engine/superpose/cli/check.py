"""superpose check: find what is wrong with a recipe and show what it composes, before any weight is read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import marked
from superpose.cli.recipes import add_download, add_recipe, changes, read_recipe, registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.tree import Tree

    from superpose.estimate.model import Model
    from superpose.kinds.kind import Kind
    from superpose.recipe import Recipe, Subject
    from superpose.running.inspection import Cost

#: Columns where nobody looks: what reads a file or a pipe takes a line for a line.
WIDE = 10_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_recipe(parser)
    add_download(parser)


def main(arguments: argparse.Namespace) -> int:
    """Print the composition as a tree with what it costs."""
    from superpose.media.hub import downloads
    from superpose.recipe.sweep import is_sweep

    with downloads(arguments.allow_download):
        return _check_sweep(arguments) if is_sweep(arguments.recipe) else _check(arguments)


def _check_sweep(arguments: argparse.Namespace) -> int:
    """Check every recipe of a sweep, and print how many jobs there are and what they cost."""
    from superpose.cli.sweep import summary
    from superpose.recipe import load_sweep
    from superpose.running.sweep.plan import planned, read_plan
    from superpose.running.sweep.sweeping import status_of

    registry(strict=arguments.strict_plugins)
    sweep = load_sweep(arguments.recipe, changes(arguments))
    out = Path("runs") / Path(arguments.recipe).stem
    plan = planned(sweep, read_plan(out))
    print(f"{arguments.recipe}: a sweep over {', '.join(f'{axis.key} ({len(axis.values)})' for axis in sweep.axes)}")
    for line in summary(plan, status_of(out, plan), out):
        print(line)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    recipe = read_recipe(arguments)

    from rich.console import Console
    from rich.tree import Tree

    from superpose.recipe.patterns import several
    from superpose.running.inspection import inspect
    from superpose.running.several import members_of

    inspected = inspect(recipe).stages
    files = 1
    if several(recipe):
        with members_of(recipe) as found:
            files = len(found.members)
    tree = Tree(marked(arguments.recipe + f", over {files} files" * (files > 1)))
    stages = recipe.stages
    for number, stage in enumerate(stages):
        branch = tree if len(stages) == 1 else tree.add(f"stage {number}")
        _describe(branch, stage, _view_consistencies(stages[0], stage))
        for rule in _rules(recipe, number):
            branch.add(marked(f"constraint {rule}"))
    if recipe.medium is not None:
        shown = recipe.medium.described(stages[-1].model.image_shape)
        tree.add(marked(f"medium {described(recipe.medium)}: {shown}, a {recipe.medium.suffix} file beside each image"))
    Console(width=None if sys.stdout.isatty() else WIDE).print(tree)
    for number, inspection in enumerate(inspected):
        print(f"stage {number}: " * (len(stages) > 1) + _cost(inspection, recipe.run.samples * files))
    return 0


def _view_consistencies(first: Recipe, later: Recipe) -> dict[Kind, str]:
    """Share of each later view that is the first stage's, enlarged."""
    from superpose.estimate.view import View
    from superpose.running.view_consistency import view_consistency

    notes: dict[Kind, str] = {}
    # A guidance may hold at some stages alone, and so be missing from others; a view never is.
    views = ([kind for kind in stage.subject.kinds() if isinstance(kind, View)] for stage in (first, later))
    for small, large in zip(*views, strict=True):
        if first is not later:
            share = view_consistency(small, large, first.model.shape, later.model.shape)
            notes[large] = "" if share is None else f", {share:.1%} as at stage 0"
    return notes


def _rules(recipe: Recipe, number: int) -> list[str]:
    """Which constraints hold at a stage, and which of the recipe's do not."""
    held = dict(recipe.constraints(number))
    lines = []
    for i, rule in enumerate(recipe.constraint):
        note = ", enlarged" if number else ""
        lines.append(described(rule) + (note if ("constraint", i) in held else ": not at this stage"))
    return lines + [described(rule) for place, rule in held.items() if place[0] == "stage"]


def _describe(tree: Tree, recipe: Recipe, notes: Mapping[Kind, str]) -> None:

    tree.add(marked(f"model {described(recipe.model)}: {_size(recipe.model)}"))
    for name, model in recipe.models:
        tree.add(marked(f"model {name}, {described(model)}: {_size(model)}"))
    tree.add(marked(f"scheduler {described(recipe.scheduler)}"))
    tree.add(marked(f"guidance {described(recipe.guidance) if recipe.guidance else 'none'}"))
    clip = recipe.clip or recipe.model.clip
    tree.add(marked(f"clip {described(clip) if clip else 'none'}"))
    if recipe.population is not None:
        tree.add(marked(f"population {described(recipe.population)}: {recipe.population.size} particles a sample"))
    _grow(tree, recipe.subject, notes)


def _cost(inspection: Cost, samples: int) -> str:
    rows, evaluations, total = inspection.rows, inspection.evaluations, inspection.total
    several = inspection.networks > 1
    per, of = ("evaluation", f" of {inspection.networks} networks") if several else ("step", "")
    most = "" if total == rows * evaluations else "at most "
    return (
        f"{most}{rows} network {'row' if rows == 1 else 'rows'} a sample and {per}, {evaluations} evaluations{of}: "
        f"{total} rows a sample, {total * samples} for {samples} {'sample' if samples == 1 else 'samples'}"
        + (
            f"; and {most}{inspection.judged} of a classifier, there and back, beside each evaluation"
            if inspection.judged
            else ""
        )
        + _coding(inspection)
    )


def _coding(inspection: Cost) -> str:
    """Passes of an autoencoder for a sample: ``; and 7 passes of the encoder, 3 of them there and back``."""
    sides = (("encoder", inspection.encoded), ("decoder", inspection.decoded))
    told = [f"{count} {'pass' if count == 1 else 'passes'} of the {name}" for name, count in sides if count]
    if not told:
        return ""
    back = f", {inspection.back} of them there and back" if inspection.back else ""
    return f"; and {' and '.join(told)}{back}"


def _size(model: Model) -> str:
    channels, height, width = model.image_shape
    size = f"{channels} channels, {width}x{height} pixels"
    if model.shape != model.image_shape:
        channels, height, width = model.shape
        size += (
            f", in latents of {channels} channels, {width}x{height}: "
            "views and decompositions act on these, and hold for pictures approximately"
        )
    return size


def described(kind: Kind) -> str:
    """A kind with its options: ``rotate degrees=180``; those that are not given are left out."""
    return " ".join([kind.kind, *_given(kind)])


def _given(table: object) -> list[str]:
    from superpose.kinds.options import options_of

    options = {option.name: getattr(table, option.name) for option in options_of(type(table))}
    return [f"{name}={_told(value)}" for name, value in options.items() if value not in (None, ())]


def _told(value: object) -> str:
    """The value of an option; kinds and tables in it as they are told themselves."""
    import attrs

    from superpose.kinds.kind import Kind

    if isinstance(value, Kind):
        return f"({described(value)})"
    if attrs.has(type(value)):
        return f"{{{', '.join(_given(value))}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_told, value))}]"
    return str(value)


def _grow(tree: Tree, subject: Subject, notes: Mapping[Kind, str]) -> None:
    from superpose.estimate.staggered import ALL

    note = f", model {marked(subject.model)}" if subject.model is not None else ""
    note += f", guidance {marked(described(subject.guidance))}" if subject.guidance else ""
    note += f", negative {marked(repr(subject.negative))}" if subject.negative is not None else ""
    if subject.view:
        branch = tree.add(f"views{note}")
        for term in subject.view:
            share = f", weight {term.weight:g}" if term.weight != 1 else ""
            share += f", from {term.start:.0%} to {term.stop:.0%} of the steps" if term.span != ALL else ""
            share += f", lifted by {term.lift:g} nats" if term.lift else ""
            share += notes.get(term.view, "")
            _grow(branch.add(f"{marked(described(term.view))}{share}"), term.subject, notes)
    elif subject.decomposition is not None:
        parts = subject.decomposition
        branch = tree.add(f"decomposition {marked(described(parts.decomposition))}{note}")
        for name, part in parts.parts:
            _grow(branch.add(marked(name)), part, notes)
    elif subject.compose is not None:
        branch = tree.add(f"composition{note}")
        for (word, *_), composed in subject.compose.placed:
            weight = f" weight {composed.weight:g}" if composed.weight != 1 else ""
            _grow(branch.add(f"{str(word).upper()}{weight}"), composed.subject, notes)
    elif subject.image is not None:
        tree.add(f"image {marked(subject.image.name)}")
    else:
        way = subject.interpolate
        if way is not None:
            note = f" to {marked(repr(way.to))}, {way.mix:g}{f' by {way.path}' if way.path else ''}{note}"
        tree.add(f"prompt {marked(repr(subject.prompt))}{note}")
