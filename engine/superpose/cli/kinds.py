"""superpose kinds: list the kinds that a recipe can name, or print the manual of one."""

from __future__ import annotations

import argparse
import inspect
from typing import TYPE_CHECKING, Any

from superpose.cli.printing import marked, say_all
from superpose.cli.recipes import registry
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.plugins import Registry


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("kind", nargs="?", metavar="KIND", help="print the manual of this kind")


def main(arguments: argparse.Namespace) -> int:
    """Print the list, or a manual."""
    found = registry(strict=arguments.strict_plugins)
    if arguments.kind is None:
        _list(found)
        return 0
    matches = [kinds[arguments.kind] for role in found.roles if arguments.kind in (kinds := found.kinds(role))]
    if not matches:
        from superpose.kinds.spelling import suggestion

        names = {name for role in found.roles for name in found.kinds(role)}
        raise RecipeError(f"no kind {arguments.kind!r}{suggestion(arguments.kind, names)}")
    say_all("\n\n".join(manual(cls) for cls in matches))
    return 0


def manual(cls: Any) -> str:
    """The manual page of a kind as text: what it is, its options with ranges and defaults, its papers, an example."""
    from superpose.kinds.options import options_of
    from superpose.recipe.example import example

    lines = [f"{cls.kind} ({cls.role})", "", inspect.cleandoc(cls.__doc__ or "")]
    options = options_of(cls)
    if options:
        lines += ["", "options"]
    for option in options:
        default = "required" if option.required else f"default {option.default!r}"
        lines.append(f"  {option.name}: {', '.join(filter(None, [option.form.words, str(option.limits), default]))}")
        lines.append(f"      {option.doc}")
    if cls.papers:
        lines += ["", "papers", *(f"  {paper}" for paper in cls.papers)]
    lines += ["", "example", *(f"  {line}" for line in example(cls).splitlines())]
    return "\n".join(lines)


def _list(found: Registry) -> None:
    from rich import box
    from rich import print as show
    from rich.table import Table

    table = Table("role", "kind", "what it is", box=box.SIMPLE)
    for role in found.roles:
        for name, cls in sorted(found.kinds(role).items()):
            summary = inspect.cleandoc(cls.__doc__ or "").splitlines()[0]
            table.add_row(role, name, marked(summary))
    show(table)
