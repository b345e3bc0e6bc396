"""superpose kinds: list the kinds that a recipe can name, those of one role, or print the manual of one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from superpose.cli.plain_text import plain
from superpose.cli.printing import marked, say_all
from superpose.cli.recipes import registry
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.kinds.kind import Kind
    from superpose.kinds.options import Option
    from superpose.plugins import Registry
    from superpose.recipe.language import Key

#: The table of a recipe that no kind fills.
RUN = "run"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a kind, whose manual is printed; a role, such as view, whose kinds are listed; run, for the table [run]",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def main(arguments: argparse.Namespace) -> int:
    """Print a list, manuals, or both of a word that names a role and a kind."""
    from superpose.kinds.roles import ROLES

    found = registry(strict=arguments.strict_plugins)
    name = arguments.name
    roles = found.roles if name is None else [role for role in found.roles if name in (role, ROLES[role].plural)]
    kinds = [cls for role in found.roles for kind, cls in found.kinds(role).items() if kind == name]
    if not roles and not kinds and name != RUN:
        from superpose.kinds.spelling import suggestion

        names = {kind for role in found.roles for kind in found.kinds(role)}
        raise RecipeError(f"no kind {name!r}{suggestion(name, names | {*found.roles, RUN})}")
    if arguments.json:
        listed = [cls for role in roles for cls in found.kinds(role).values()]
        print(json.dumps([_facts(cls, found) for cls in [*listed, *kinds]] if name != RUN else _run_facts(), indent=2))
        return 0
    if roles:
        _list(found, roles)
    if name is not None and roles:
        say_all(_of_role(roles[0]))
    manuals = [manual(cls) for cls in kinds] + ([run_manual()] if name == RUN else [])
    if manuals:
        say_all("\n\n".join(manuals))
    return 0


def manual(cls: type[Kind]) -> str:
    """The manual page of a kind as text: what it is, its options with ranges and defaults, its papers, an example."""
    from superpose.recipe.example import example
    from superpose.recipe.language import inside, of_class

    lines = [f"{cls.kind} ({cls.role})", "", plain(cls.__doc__), *_options("options", of_class(cls))]
    for table in inside(cls):
        lines += _options(f"options of {table.heading}", table.keys)
    if cls.papers:
        lines += ["", "papers", *(f"  {paper}" for paper in cls.papers)]
    lines += ["", "example", *(f"  {line}" for line in example(cls).splitlines())]
    return "\n".join(lines)


def run_manual() -> str:
    """The manual page of the table ``[run]``."""
    from superpose.recipe.language import EXAMPLES, of_class
    from superpose.recipe.tables import Run

    example = ["", "example", *(f"  {line}" for line in EXAMPLES["recipe.run"].splitlines())]
    return "\n".join(["[run]", "", plain(Run.__doc__), *_options("options", of_class(Run)), *example])


def _of_role(role: str) -> str:
    """The text of a role, and the keys that recipes put beside the options of its kinds."""
    from superpose.kinds.roles import ROLES
    from superpose.recipe.language import beside

    keys = _options("keys beside the options of each", beside(role))
    return "\n".join([ROLES[role].text, *keys, "", "superpose kinds KIND prints the manual of one."])


def _options(title: str, keys: Iterable[Key]) -> list[str]:
    lines = [line for key in keys for line in (f"  {key.name}: {key.value}, {key.presence}", f"      {key.text}")]
    return ["", title, *lines] if lines else []


def _facts(cls: type[Kind], found: Registry) -> dict[str, object]:
    from superpose.kinds.options import options_of

    return {
        "role": cls.role,
        "kind": cls.kind,
        "plugin": found.owner(cls).name,
        "summary": _summary(cls),
        "options": [_option_facts(option) for option in options_of(cls)],
        "papers": list(cls.papers),
    }


def _run_facts() -> dict[str, object]:
    from superpose.kinds.options import options_of
    from superpose.recipe.tables import Run

    return {"table": RUN, "options": [_option_facts(option) for option in options_of(Run)]}


def _option_facts(option: Option) -> dict[str, object]:
    from superpose.recipe.plain import plain as as_toml

    facts = {"name": option.name, "value": option.form.words, "range": str(option.limits), "meaning": option.doc}
    default = {} if option.required else {"default": as_toml(option.default)}
    return facts | {"required": option.required} | default


def _summary(cls: type[Kind]) -> str:
    """The first line of its manual."""
    return plain(cls.__doc__).splitlines()[0]


def _list(found: Registry, roles: Iterable[str]) -> None:
    from rich import box
    from rich import print as show
    from rich.table import Table

    table = Table("role", "kind", "what it is", box=box.SIMPLE)
    for role in roles:
        for name, cls in sorted(found.kinds(role).items()):
            table.add_row(role, name, marked(_summary(cls)))
    show(table)
