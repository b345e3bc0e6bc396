"""superpose typeset: set the word of an image as in print: on a baseline, with kerning, as PNG and SVG."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import add_input, named_files, registry

DESCRIPTION = """\
Set the word of an image that superpose wrote, letters beside each other as recipes/word.toml makes them, as it would be
printed: black on white, each letter as high as it is in print, on one baseline, with kerning. IMAGE-word.png has the
pixels, IMAGE-word.svg the outlines, traced. Turned upside down the word stands on the baseline of its other reading. No
network is loaded.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    parser.add_argument("image", type=Path, metavar="IMAGE", help="a PNG file that superpose wrote")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of both files (default: that of the image)")
    parser.add_argument("--height", type=int, default=160, metavar="N", help="x-height in pixels (default: 160)")
    parser.add_argument(
        "--no-outlines", action="store_true", help="leave out the SVG (pip install 'superpose[outlines]')"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    add_input(parser)


def main(arguments: argparse.Namespace) -> int:
    """Set the word, and print where it is."""
    registry(strict=arguments.strict_plugins)

    from superpose.running.typesetting import typeset_word

    made = typeset_word(
        arguments.image,
        arguments.out,
        height=arguments.height,
        trace=not arguments.no_outlines,
        inputs=named_files(arguments.input),
        overwrite=arguments.overwrite,
    )
    for path in filter(None, made):
        say(path)
    return 0
