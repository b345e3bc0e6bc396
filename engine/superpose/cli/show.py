"""superpose show: tell what made an image, and how to make it again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import say
from superpose.terminal import printable

if TYPE_CHECKING:
    from superpose.media.png import Origin


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("image", type=Path, metavar="IMAGE.png", help="an image that superpose wrote")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--recipe", action="store_true", help="print its recipe alone, as TOML that runs")
    how.add_argument("--json", action="store_true", help="print everything as JSON")


def main(arguments: argparse.Namespace) -> int:
    """Print the origin of an image; reads nothing but the image and the scores beside it."""
    from superpose.media.png import read_origin

    origin = read_origin(arguments.image)
    if arguments.recipe:
        _say_whole(origin.recipe)
    elif arguments.json:
        print(json.dumps(_plain(origin)))  # in ASCII, and so safe for a terminal at any length
    else:
        for name, value in _told(arguments.image, origin):
            say(f"{name:<9}{value}")
        say("")
        _say_whole(origin.recipe)
    return 0


def _say_whole(recipe: str) -> None:
    """Print every line to its end, so that what is printed is a recipe again."""
    for line in recipe.rstrip("\n").split("\n"):
        print(printable(line, 10 * len(line) + 1))


def _told(path: Path, origin: Origin) -> Iterator[tuple[str, str]]:
    from PIL import Image

    from superpose.cli.recipes import quoted
    from superpose.running.made import table_of

    with Image.open(path, formats=["PNG"]) as image:
        size = f"{image.width}x{image.height}"
    seed = table_of(path, origin).get("run", {}).get("seed")
    yield "image", f"{path}, {size} pixels"
    yield "sample", f"number {origin.sample}, seed {seed}"
    if origin.drawn:
        yield "chosen", f"as one of the best of {origin.drawn} samples"
    if origin.columns:
        yield "columns", f"of the samples {', '.join(map(str, origin.columns))}, from left to right"
    if printed := origin.printed:
        yield "printed", f"sheet {printed.prime + 1} of {printed.of}, {printed.width:g} mm wide"
    if sizes := origin.effective_sizes:
        yield "swarm", f"effective sample size {min(sizes):.1f} at least, {sizes[-1]:.1f} at last"
    yield "versions", ", ".join(_versions(origin))
    yield "device", origin.device
    for name, content in origin.weights.items():
        yield "weights", f"{name}, SHA-256 {content[:12]}"
    for name, data in origin.inputs.items():
        yield "inside", f"{name}, {len(data)} bytes"
    for name, content in origin.files.items():
        yield "needs", f"{name}, " + (f"SHA-256 {content[:12]}" if content else "a folder")
    given = "".join(f" --input {quoted(name)}=PATH" for name in origin.files)
    yield "again", f"superpose replay {quoted(path)} --out DIR{given}"


def _versions(origin: Origin) -> Iterator[str]:
    """Each version, with the one that is here where that is another."""
    from importlib.metadata import PackageNotFoundError, version

    for name, made_with in origin.versions.items():
        try:
            here = version(name)
        except (PackageNotFoundError, ValueError):
            here = "none"
        yield f"{name} {made_with}" + (f" (here {here})" if here != made_with else "")


def _plain(origin: Origin) -> dict[str, object]:
    import attrs

    values = attrs.asdict(origin, recurse=False)
    return values | {"inputs": {name: len(data) for name, data in origin.inputs.items()}}
