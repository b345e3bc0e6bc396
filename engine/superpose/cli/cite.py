"""superpose cite: print the BibTeX of everything that a recipe uses."""

from __future__ import annotations

import argparse

from superpose.cli.printing import complain, say_all
from superpose.cli.recipes import add_recipe, read_recipe


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_recipe(parser)


def main(arguments: argparse.Namespace) -> int:
    """Print the entries, each below the kinds that cite it."""
    from superpose.running.citation import bibliography, used

    recipe = read_recipe(arguments)
    if entries := bibliography(used(recipe)):
        say_all(entries)
    else:
        complain(f"nothing in {arguments.recipe} names a paper")
    return 0
