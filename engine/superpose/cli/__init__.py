"""The command line: one file a command, and nothing heavy imported before a command runs."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from superpose import __version__
from superpose.cli.printing import complain, unstoppable
from superpose.errors import RunError, SuperposeError, notices
from superpose.terminal import printable

#: The commands, in the order of the help.
COMMANDS = (
    "run",
    "sweep",
    "check",
    "replay",
    "show",
    "diff",
    "score",
    "gallery",
    "animate",
    "puzzle",
    "primes",
    "typeset",
    "steps",
    "maps",
    "edits",
    "observe",
    "pairs",
    "kinds",
    "cite",
    "plugins",
    "schema",
    "serve",
    "new",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        The exit code: 0, 1 when a run failed or was interrupted, 2 when what was asked is wrong.
    """
    with unstoppable() as (output, _), notices(complain):
        code = _main(argv)
        output.flush()
        if output.failure is not None:
            complain(f"standard output can't be written: {output.failure.strerror}")
            code = code or 1
    return code


def _main(argv: Sequence[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    if arguments.plugins_dir is not None:
        os.environ["SUPERPOSE_PLUGINS_DIR"] = arguments.plugins_dir
    # Threads that wait by spinning without end make a run beside another busy program ten times slower.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    try:
        code: int = importlib.import_module(f"superpose.cli.{arguments.command}").main(arguments)
        return code
    except SuperposeError as error:
        complain(error)
        return 1 if isinstance(error, RunError) else 2
    except KeyboardInterrupt as error:
        complain(str(error) or "interrupted")
        return 1
    except Exception as error:
        if os.environ.get("SUPERPOSE_DEBUG"):
            raise
        complain(f"unexpected {type(error).__name__}: {printable(error)}")
        print("this is a fault of superpose or of a plugin; SUPERPOSE_DEBUG=1 shows where", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="superpose",
        description="Sample images from diffusion models by composition. A recipe says what is put together.",
    )
    parser.add_argument("--version", action="version", version=f"superpose {__version__}")
    parser.add_argument("--strict-plugins", action="store_true", help="a plugin that can't be loaded is an error")
    parser.add_argument(
        "--plugins-dir",
        metavar="DIR",
        help="load the plugins in this folder too, a file of Python each; runs their code",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        command = importlib.import_module(f"superpose.cli.{name}")
        summary = (command.__doc__ or "").splitlines()[0].removeprefix(f"superpose {name}: ")
        command.arguments(commands.add_parser(name, help=summary, description=summary))
    return parser
