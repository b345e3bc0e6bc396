"""superpose diff: tell what differs between two images, recipes or runs, and between their pictures."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import say
from superpose.cli.recipes import registry
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.running.made import Made


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    for name in ("a", "b"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="an image, a recipe, or the folder of a run")
    parser.add_argument(
        "--out", type=Path, metavar="FILE.png", help="write both pictures and their difference, side by side"
    )
    parser.add_argument("--exit-code", action="store_true", help="end with 1 where anything differs")


def main(arguments: argparse.Namespace) -> int:
    """Print a line for each difference."""
    registry(strict=arguments.strict_plugins)

    from superpose.running.made import Made

    one, two = Made.of(arguments.a), Made.of(arguments.b)
    found = [*_recipes(one, two), *_origins(one, two)]
    for line in found:
        say(line)
    if not found:
        say("the same recipe")
    differ = _pictures(one, two)
    if arguments.out:
        _write(one, two, arguments.out)
    return int(arguments.exit_code and (differ or bool(found)))


def _recipes(one: Made, two: Made) -> Iterator[str]:
    from superpose.recipe.differences import differences

    yield from map(str, differences(one.comparable(two), two.comparable(one)))


def _origins(one: Made, two: Made) -> Iterator[str]:
    """Differences in what images were made with; recipes and folders say nothing of it."""
    from superpose.recipe.differences import differences

    if one.origin and two.origin:
        for part in ("sample", "drawn", "versions", "weights", "device", "files"):
            yield from map(str, differences(getattr(one.origin, part), getattr(two.origin, part), (part,)))


def _pairs(one: Made, two: Made) -> list[tuple[str, str]]:
    """Names of the images that belong together: of single images whatever they are called, of runs equal ones."""
    if one.origin and two.origin:
        return [(one.path.name, two.path.name)]
    names = set(one.images) & set(two.images)
    return [(name, name) for name in one.images if name in names]


def _pictures(one: Made, two: Made) -> bool:
    """Print how the pictures differ; returns whether they do."""
    from superpose.media.comparison import PictureDifference

    if not (one.images and two.images):
        return False
    pairs, differ = _pairs(one, two), set(one.images) != set(two.images) and not (one.origin and two.origin)
    for first, second in pairs:
        a, b = one.pixels(first), two.pixels(second)
        name = first if first == second else f"{first} and {second}"
        if a.shape != b.shape:
            told = f"{a.shape[1]}x{a.shape[0]} pixels and {b.shape[1]}x{b.shape[0]}"
        else:
            told = str(PictureDifference.of(a, b))
        differ = differ or a.shape != b.shape or bool((a != b).any())
        say(f"{name}: {told}")
    for made in (one, two):
        if alone := [name for name in made.images if name not in {it for pair in pairs for it in pair}]:
            say(f"{len(alone)} only in {made.path}, the first {alone[0]}")
    return differ


def _write(one: Made, two: Made, out: Path) -> None:
    import numpy as np

    from superpose.media.comparison import GAP, side_by_side
    from superpose.media.png import write_png

    if not (pairs := _pairs(one, two)):
        raise RecipeError("--out: there are no two pictures to put side by side: name two images, or two runs")
    rows = []
    for first, second in pairs:
        a, b = one.pixels(first), two.pixels(second)
        if a.shape != b.shape:
            raise RecipeError(f"--out: {first} and {second} have other sizes: only pictures of one size are subtracted")
        row = side_by_side(a, b)
        rows += [row, np.full((GAP, *row.shape[1:]), 255, np.uint8)]
    if len({row.shape[1] for row in rows}) > 1:
        raise RecipeError("--out: the pictures of these folders have several sizes: name two images")
    write_png(out, np.concatenate(rows[:-1]))
    say(out)
