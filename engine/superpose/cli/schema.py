"""superpose schema: print a JSON schema of recipes, with everything that is installed, for editors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import registry
from superpose.errors import RecipeError, RunError
from superpose.media.writing import write_text


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="FILE", help="write it to this file")
    where.add_argument("--check", type=Path, metavar="FILE", help="exit with 1 unless this file is up to date")
    parser.add_argument("--shipped", action="store_true", help="leave out what other distributions have added")


def main(arguments: argparse.Namespace) -> int:
    """Print the schema, write it, or compare a file with it."""
    from superpose.recipe.json_schema import schema, shipped

    found = registry(strict=arguments.strict_plugins)
    text = json.dumps(schema(shipped(found) if arguments.shipped else found), indent=2) + "\n"
    if arguments.check:
        return _check(arguments.check, text, " --shipped" * arguments.shipped)
    if arguments.out:
        try:
            write_text(text, arguments.out)
        except RunError as error:
            raise RecipeError(*error.lines) from error
        say(arguments.out)
    else:
        print(text, end="")
    return 0


def _check(path: Path, wanted: str, flag: str) -> int:
    try:
        given = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        given, state = "", "is not there"
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: can't be read: {error}") from error
    else:
        state = "is stale"
    if given == wanted:
        return 0
    say(f"{path} {state}; write it with: superpose schema{flag} --out {path}")
    return 1
