"""superpose gallery: put the images of runs on one page to look at: turn, flip, squint, compare, sort by score."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import registry

DESCRIPTION = """\
Write RUN/gallery.html: one file that holds all images of a run and opens in any browser, without a network. There one
sees each image in all its readings, turns, flips and negates it, squints at it, compares two, finds and sorts them by
prompt and score, and copies the command that makes an image again. No torch and no network's weights are needed.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a run; scores in it are shown")
    parser.add_argument(
        "--out", type=Path, metavar="FILE.html", help="one page of all runs (default: RUN/gallery.html of each)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Write the pages and print where they are."""
    registry(strict=arguments.strict_plugins)

    from superpose.running.gallery import PAGE, write_gallery

    pages = {arguments.out: arguments.runs} if arguments.out else {run / PAGE: [run] for run in arguments.runs}
    for page, runs in pages.items():
        write_gallery(runs, page)
        say(page)
    return 0
