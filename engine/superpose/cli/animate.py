"""superpose animate: make an animation of an image, from each of its readings to the next."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import say
from superpose.cli.recipes import add_input, named_files, registry
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from superpose.running.reel import Pace

DESCRIPTION = """\
Make an animation of an image that superpose wrote, from each of its readings to the next and back, as the recipe
inside the image says: pieces of a puzzle fly, discs and hinges turn, patches travel, hybrids go away and come back,
colours and bands fade, and an image of several stages becomes sharp. No network is loaded. Of a run, each image is
animated. Of a sweep, --axis makes a film of each sample along one of its axes.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    what = "a PNG file, the folder of a run, or with --axis that of a sweep"
    parser.add_argument("image", type=Path, metavar="IMAGE|RUN|SWEEP", help=what)
    parser.add_argument("--axis", metavar="KEY", help="axis of the sweep to go along, such as interpolate.mix")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="a file that ends with .gif, .webp or .mp4 (pip install 'superpose[video]'), or a folder; "
        "default: a GIF beside each image",
    )
    parser.add_argument("--format", choices=("gif", "webp", "mp4"), help="of animations that --out names no file for")
    parser.add_argument("--size", type=int, metavar="N", help="height in pixels (default: 256, or a little more)")
    parser.add_argument("--captions", action="store_true", help="have the prompt of each reading stand below it")
    parser.add_argument("--move", type=float, default=1.5, metavar="SECONDS", help="of a way (default: 1.5)")
    parser.add_argument("--rest", type=float, default=1.0, metavar="SECONDS", help="of a reading (default: 1)")
    parser.add_argument("--fps", type=int, default=20, metavar="N", help="frames a second (default: 20)")
    parser.add_argument("--overwrite", action="store_true", help="replace animations that are there")
    add_input(parser)


def main(arguments: argparse.Namespace) -> int:
    """Animate one image or those of a run, and print the paths of the animations."""
    registry(strict=arguments.strict_plugins)

    from superpose.running.animating import animate
    from superpose.running.reel import Pace

    pace = Pace(arguments.fps, arguments.move, arguments.rest)
    if arguments.axis is not None:
        return _along(arguments, pace)
    inputs = named_files(arguments.input)
    for image, out in _places(arguments):
        options = {name: getattr(arguments, name) for name in ("size", "captions", "overwrite")}
        say(animate(image, out, pace=pace, inputs=inputs, **options))
    return 0


def _along(arguments: argparse.Namespace, pace: Pace) -> int:
    """Write the films of a sweep along an axis, and print their paths."""
    from superpose.running.axis_films import axis_films

    out = arguments.out
    films = axis_films(arguments.image, arguments.axis)
    one = out is not None and out.suffix and not out.is_dir()
    if one and len(films) > 1:
        raise RecipeError(f"{arguments.image} has {len(films)} samples to animate: name a folder with --out")
    caption = arguments.axis if arguments.captions else ""
    for film in films:
        path = out if one else (out or arguments.image) / f"{film.name}.{arguments.format or 'gif'}"
        options = {"size": arguments.size, "overwrite": arguments.overwrite}
        say(film.write(path, pace=pace, caption=caption, **options))
    return 0


def _places(arguments: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Each image, and where its animation goes."""
    from superpose.running.animating import images_of

    image, out, form = arguments.image, arguments.out, arguments.format
    whole = image.is_dir()
    named = out is not None and out.suffix and not out.is_dir()
    if named and form:
        raise RecipeError(
            f"--format is for animations that --out names no file for: leave it out, or write --out {out.parent}"
        )
    if named and whole:
        raise RecipeError(f"{image} is the folder of a run: name a folder with --out for the animations of its images")
    if named:
        yield image, out
        return
    folder = out or (image if whole else image.parent)
    folder.mkdir(parents=True, exist_ok=True)
    for path in images_of(image) if whole else [image]:
        yield path, folder / f"{path.stem}.{form or 'gif'}"
