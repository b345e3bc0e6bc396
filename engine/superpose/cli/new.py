"""superpose new: write the project of a plugin, complete and with its tests passing."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.scaffold import EXAMPLES


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    things = parser.add_subparsers(dest="thing", metavar="THING", required=True)
    summary = "a project with a kind of its own, a recipe, tests of the laws, and a workflow that runs them"
    plugin = things.add_parser("plugin", help=summary, description=f"Write a plugin: {summary}.")
    plugin.add_argument("name", metavar="NAME", help="name of the plugin and of its kind, such as hinge or two-fold")
    plugin.add_argument("--role", choices=tuple(EXAMPLES), default="view", help="what it adds (default: view)")
    plugin.add_argument("--out", type=Path, metavar="DIR", help="folder of the project (default: superpose-NAME)")
    plugin.add_argument("--author", default="", metavar="AUTHOR", help="such as 'Ada Lovelace <ada@example.org>'")


def main(arguments: argparse.Namespace) -> int:
    """Write the project, and say what is in it and what to do next."""
    from superpose.cli.recipes import registry
    from superpose.scaffold.project import Project
    from superpose.scaffold.writing import write_project

    project = Project(name=arguments.name, role=arguments.role, author=arguments.author)
    project.check(registry(strict=arguments.strict_plugins))
    out = arguments.out or Path(project.distribution)
    for path in write_project(project.texts(), out):
        say(path)
    # Without a slash pip would take the folder for the name of a distribution.
    place = out if out.is_absolute() else f"./{out.as_posix()}"
    print(f'\nnext:\n  pip install -e "{place}[test]"\n  pytest "{place}"\n  superpose kinds {project.name}')
    return 0
