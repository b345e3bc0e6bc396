"""superpose primes: write each prime image of an illusion to print, and pages that say how sheets are laid."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import add_input, named_files, registry

DESCRIPTION = """\
Write the prime images of an illusion that superpose made, to print: sheets that are laid on each other, turned or
turned over. Each canvas of the sample is IMAGE-prime-1.png and so on, which know their size on paper; IMAGE-primes.pdf
has a page of true size for each, and one for each way of laying them: what is seen then, which sheet lies where, and
how it is turned. No network is loaded.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    parser.add_argument("image", type=Path, metavar="IMAGE", help="a PNG file that superpose wrote")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the files (default: that of the image)")
    parser.add_argument("--width", type=float, default=100.0, metavar="MM", help="of a sheet (default: 100)")
    parser.add_argument(
        "--scale",
        type=int,
        metavar="N",
        help="pixels of print for each of the image, a side, by Lanczos (default: 300 an inch)",
    )
    parser.add_argument("--no-pages", action="store_true", help="leave out the PDF (pip install 'superpose[print]')")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    add_input(parser)


def main(arguments: argparse.Namespace) -> int:
    """Write the prime images of an image, and print where they are."""
    registry(strict=arguments.strict_plugins)

    from superpose.running.primes import primes

    made = primes(
        arguments.image,
        arguments.out,
        width=arguments.width,
        scale=arguments.scale,
        pages=not arguments.no_pages,
        inputs=named_files(arguments.input),
        overwrite=arguments.overwrite,
    )
    for path in (*made.images, *filter(None, [made.pages])):
        say(path)
    return 0
