"""The page of the commands, made from their parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from generator.prose import cell, fenced
from superpose.cli import _parser


def page() -> str:
    """All commands with their arguments."""
    parser = _parser()
    intro = (
        "Every command ends with 0 when it has done what was asked, with 1 when a run failed or was interrupted or a "
        "check found something, and with 2 when what was asked is wrong. Errors are one line each; `SUPERPOSE_DEBUG=1` "
        "shows where an unexpected one came from."
    )
    return "\n\n".join(["# Commands", intro, *_sections(parser)]) + "\n"


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    parser.color = False  # type: ignore[attr-defined]  # Python 3.14 would put colours into the usage
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
    yield f"## {parser.prog}"
    if parser.description:
        yield parser.description[:1].upper() + parser.description[1:].rstrip(".") + "."
    yield fenced("text", parser.format_usage().removeprefix("usage: "))
    rows = [_row(action) for action in parser._actions if not _is_help(action)]
    if rows:
        yield "\n".join(["| argument | meaning |", "|---|---|", *rows])
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _sections(inner)


def _is_help(action: argparse.Action) -> bool:
    return isinstance(action, argparse._HelpAction | argparse._SubParsersAction)


def _row(action: argparse.Action) -> str:
    value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
    if action.choices is not None:
        value = ", ".join(map(str, action.choices))
    name = ", ".join(action.option_strings) or str(value)
    shown = f"`{name}`" if not action.option_strings or not value else f"`{name} {value}`"
    return f"| {cell(shown)} | {cell(action.help or '')} |"
