"""superpose puzzle: make a puzzle to print and cut of an image: cut lines in SVG, pages in PDF, both assemblies."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import add_input, kind_named, named_files, registry

DESCRIPTION = """\
Make a puzzle of an image that superpose wrote, of which a view moves pieces: interlocked ones, a disc that turns,
squares on hinges, patches. IMAGE-puzzle.svg has the lines to cut along, each once, in millimetres, with the number of
each piece. IMAGE-puzzle.pdf has four pages of that size: the picture with its bleed, to print; its back with the
numbers; and the pieces put together in both ways. No network is loaded but that of --stage.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    parser.add_argument("image", type=Path, metavar="IMAGE", help="a PNG file that superpose wrote")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of both files (default: that of the image)")
    parser.add_argument("--view", type=int, metavar="N", help="number of the view that cuts, from 0, where several do")
    parser.add_argument("--width", type=float, default=180.0, metavar="MM", help="of the cut picture (default: 180)")
    parser.add_argument(
        "--bleed", type=float, default=3.0, metavar="MM", help="printed beyond the edge, mirrored (default: 3)"
    )
    parser.add_argument(
        "--scale",
        type=int,
        metavar="N",
        help="pixels of print for each of the image, a side, by Lanczos (default: 300 an inch)",
    )
    parser.add_argument(
        "--stage",
        metavar="MODEL",
        help="have a network that enlarges paint it over first, every view at its new size: its kind, or a table",
    )
    parser.add_argument("--no-pages", action="store_true", help="leave out the PDF (pip install 'superpose[print]')")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    add_input(parser)


def main(arguments: argparse.Namespace) -> int:
    """Make the puzzle of an image, and print where it is."""
    known = registry(strict=arguments.strict_plugins)

    from superpose.running.puzzle import puzzle

    made = puzzle(
        arguments.image,
        arguments.out,
        view=arguments.view,
        width=arguments.width,
        bleed=arguments.bleed,
        scale=arguments.scale,
        stage=kind_named("model", "--stage", arguments.stage, known) if arguments.stage else None,
        pages=not arguments.no_pages,
        inputs=named_files(arguments.input),
        overwrite=arguments.overwrite,
    )
    for path in filter(None, made):
        say(path)
    return 0
