"""superpose plugins: list the plugins and why one is not loaded; check NAME holds one to the laws."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from superpose.cli.printing import complain, say

if TYPE_CHECKING:
    from superpose.plugins import Plugin, Registry


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("--json", action="store_true", help="as JSON")
    actions = parser.add_subparsers(dest="action", metavar="check NAME")
    summary = "hold everything that a plugin registers to the laws of its role: a line a law, with the figure"
    check = actions.add_parser("check", help=summary, description=summary)
    check.add_argument("name", metavar="NAME", help="a plugin or its distribution: superpose plugins lists them")
    check.add_argument("kind", nargs="?", metavar="KIND", help="this kind of it alone")
    check.add_argument("--broken", action="store_true", help="print only what is broken, and the summary")
    check.add_argument(
        "--size",
        metavar="CxHxW",
        type=_size,
        action="append",
        help="a size of images to check at, such as 3x48x48, instead of six usual and unusual ones; may be repeated",
    )


def main(arguments: argparse.Namespace) -> int:
    """Print one line a plugin, however many of them are broken; or check one."""
    from superpose.plugins import load_plugins

    found = load_plugins(strict=arguments.strict_plugins)
    for warning in found.warnings:
        complain(warning)
    if arguments.action == "check":
        return _check(arguments, found)
    if arguments.json:
        print(json.dumps([_row(plugin) for plugin in found.plugins], indent=2))
    else:
        for plugin in found.plugins:
            say(_line(plugin))
    return 0


def _check(arguments: argparse.Namespace, found: Registry) -> int:
    """Print the lines of each kind as soon as it has been measured, and a summary; 1 where a law is broken."""
    from collections import Counter
    from itertools import groupby

    from superpose.testing.cases import SIZES
    from superpose.testing.report import report_plugin

    told: Counter[str] = Counter()
    report = report_plugin(arguments.name, arguments.size or SIZES, found, arguments.kind)
    for _, group in groupby(report, lambda line: (line.role, line.kind)):
        lines = list(group)
        told.update(line.status for line in lines)
        rows = [line.columns() for line in lines if line.status == "broken" or not arguments.broken]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    say(f"{told.total()} laws: {told['ok']} ok, {told['broken']} broken, {told['skipped']} skipped")
    return 1 if told["broken"] else 0


def _row(plugin: Plugin) -> dict[str, object]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "status": plugin.status,
        "file": str(plugin.file) if plugin.file else None,
        "why": plugin.why,
        "notes": list(plugin.notes),
        "adds": {role: list(kinds) for role, kinds in plugin.adds.items()},
    }


def _line(plugin: Plugin) -> str:
    """One line, whatever the others are: columns of fixed width, so that a new plugin moves none of theirs."""
    adds = "; ".join(f"{role}: {', '.join(kinds)}" for role, kinds in plugin.adds.items())
    status = ", ".join([plugin.status, *plugin.notes])
    return f"{plugin.name:<15} {plugin.label:<22} {status:<12} {plugin.why or adds}".rstrip()


def _size(text: str) -> tuple[int, int, int]:
    try:
        channels, height, width = map(int, text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not CxHxW, such as 3x48x48") from None
    if min(channels, height, width) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} has a side below 1")
    return channels, height, width
