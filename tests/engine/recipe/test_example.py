"""The example of a kind's manual: a recipe takes it as it stands."""

import re
import textwrap
import tomllib

import attrs
import pytest

from example_kinds import KINDS as MADE_UP
from example_kinds import REGISTRY as MADE_UP_REGISTRY
from superpose import Constraint, load_sweep, option
from superpose.cli.kinds import manual
from superpose.kinds.options import options_of
from superpose.plugins import Registry, load_plugins
from superpose.recipe import loads
from superpose.recipe.example import example

INSTALLED = load_plugins()
CASES = [(cls, INSTALLED) for role in INSTALLED.roles for cls in INSTALLED.kinds(role).values()]
CASES += [(cls, MADE_UP_REGISTRY) for cls in MADE_UP]


def around(role, text, registry):
    """A recipe with this table, and with no more beside it than a recipe must have."""
    rest = ""
    for needed in ("model", "scheduler"):
        if needed != role and f"[{needed}]" not in text:  # some stand inside one of these
            rest += example(next(iter(registry.kinds(needed).values())), registry)
    if role == "executor":
        rest += '[sweep.axes]\n"run.seed" = [0, 1]\n'
    subject = "" if role in ("view", "decomposition") else 'prompt = "A"\n'
    return subject + rest + text


@pytest.mark.parametrize(("cls", "registry"), CASES, ids=lambda it: getattr(it, "kind", ""))
def test_the_loader_takes_the_example(cls, registry, tmp_path):
    text = example(cls, registry)
    whole = around(cls.role, text, registry)
    for name in re.findall(r'"(\w+\.png)"', whole):
        (tmp_path / name).touch()  # the loader asks whether a file is there
    if cls.role == "executor":  # of a sweep, which is many recipes
        path = tmp_path / "sweep.toml"
        path.write_text(whole)
        assert type(load_sweep(path, registry=registry).options.executor) is cls, text
        return
    recipe = loads(whole, registry=registry, folder=tmp_path)
    assert any(type(kind) is cls for kind in recipe.kinds()), text


@pytest.mark.parametrize(("cls", "registry"), CASES, ids=lambda it: getattr(it, "kind", ""))
def test_the_example_shows_every_option_that_has_a_default(cls, registry):
    whole = tomllib.loads(example(cls, registry))
    table = whole
    while cls.role not in table:  # a role without tables stands in that of the kind which takes it
        (table,) = table.values()
        table = table[0] if isinstance(table, list) else table
    table = table[cls.role]
    table = table[0] if isinstance(table, list) else table
    for opt in options_of(cls):
        if opt.required or opt.default is not None:
            assert opt.name in table, f"the example of {cls.kind} hides {opt.name}"
        else:
            assert opt.name not in table, f"{cls.kind}.{opt.name} is absent by default"


@pytest.mark.parametrize("role", INSTALLED.roles)
def test_the_manual_of_a_kind_ends_with_its_example(role):
    for cls in INSTALLED.kinds(role).values():
        shown = manual(cls).partition("\nexample\n")[2]
        assert textwrap.dedent(shown).strip() == example(cls).strip(), f"{role} {cls.kind}"


def test_required_options_get_values_in_range():
    @attrs.frozen(kw_only=True)
    class Strict(Constraint):
        """Wants to be told everything."""

        kind = "strict"
        at_least: int = option(doc="a number", ge=7)
        between: float = option(doc="a share", gt=0, lt=1)
        below: int = option(doc="a number", lt=-3)
        several: tuple[float, ...] = option(doc="numbers", ge=2, each=True)
        word: str = option(doc="a word", choices=("left", "right"))
        pair: tuple[int, int] = option(doc="a pair")

        def bind(self, canvas):
            raise NotImplementedError

    registry = Registry.of(Strict, *(cls for cls in MADE_UP if cls.role in ("model", "scheduler")))
    recipe = loads(around("constraint", example(Strict, registry), registry), registry=registry)
    assert recipe.constraint[0].at_least >= 7
