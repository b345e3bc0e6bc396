"""The registry: who owns what, what is told of what is missing, and what a slow plugin's author hears."""

import attrs
import pytest

from superpose import PluginError, RecipeError, View, option
from superpose.plugins.registry import SLOW, Plugin, Registrations, Registry


class Base(View):
    def apply(self, x):
        return x

    def invert(self, x):
        return x


@attrs.frozen(kw_only=True)
class Hinge(Base):
    """Hinges."""

    kind = "hinge"


@attrs.frozen(kw_only=True)
class Needy(Base):
    """Must be told something."""

    kind = "needy"
    path: str = option(doc="of something")


def plugin(name, *kinds, **fields):
    draft = Registrations()
    for kind in kinds:
        draft.register("view")(kind)
    return Plugin(name=name, distribution=f"superpose-{name}", version="0.3", adds=draft.adds, **fields), draft


def test_kinds_have_their_owner():
    registry = Registry([plugin("one", Hinge), plugin("two", Needy)])
    assert registry.owner(Hinge).name == "one"
    assert registry.get("view", "needy") is Needy
    assert registry.known("view") == "hinge (superpose-one 0.3); needy (superpose-two 0.3)"
    assert registry.known("clip") == "none"
    assert registry.kinds("view") == {"hinge": Hinge, "needy": Needy}
    with pytest.raises(PluginError, match="Base is not registered"):
        registry.owner(Base)


def test_who_comes_second_with_a_name_adds_nothing_at_all():
    registry = Registry([plugin("one", Hinge), plugin("two", Hinge, Needy)])
    first, second = registry.plugins
    assert (first.status, second.status, second.adds) == ("loaded", "duplicate", {})
    assert second.why == (
        "view 'hinge' is registered by 'one' (superpose-one 0.3) already; "
        "plugin 'two' (superpose-two 0.3) must rename it"
    )
    assert list(registry.kinds("view")) == ["hinge"]


@pytest.mark.parametrize(
    ("role", "kind", "says"),
    [
        ("veiw", "hinge", "no such role 'veiw'; did you mean 'view'"),
        ("view", "hinges", r"no such view 'hinges'; did you mean 'hinge' \(superpose-one 0\.3\)\?"),
        (
            "view",
            "xyzzy",
            r"'xyzzy'; known: hinge \(superpose-one 0\.3\); SUPERPOSE_BLOCK_PLUGINS blocks 'two'",
        ),
        ("view", "xyzzy", r"plugin 'three' \(superpose-three 0\.3\) is broken: OSError: disk"),
    ],
)
def test_what_is_missed(role, kind, says):
    broken = plugin("three", status="broken", why="OSError: disk")
    with pytest.raises(RecipeError, match=says):
        Registry([plugin("one", Hinge), plugin("two", Needy, status="blocked"), broken]).get(role, kind)


def test_what_fits_is_asked_of_kinds_as_they_come():
    registry = Registry.of(Hinge, Needy)
    assert registry.fitting("view", lambda it: True) == ["hinge"]
    assert registry.fitting("view", lambda it: it.kind == "needy") == []


def test_a_draft_knows_each_once():
    draft = Registrations()
    assert draft.register("view")(Hinge) is Hinge, "it serves as a decorator"
    with pytest.raises(PluginError, match="view 'hinge' is registered twice"):
        draft.register("view")(Hinge)
    assert draft.adds == {"view": ("hinge",)}


@pytest.mark.parametrize(
    ("fields", "notes"),
    [
        ({"seconds": SLOW - 0.1}, ()),
        ({"seconds": SLOW + 1}, (f"slow: {SLOW + 1:.1f} s to import",)),
        ({"brings_torch": True}, ("torch is imported at import time: move it into functions",)),
        ({"seconds": SLOW + 1, "status": "broken"}, ()),
    ],
)
def test_what_an_author_is_told(fields, notes):
    assert plugin("one", **fields)[0].notes == notes


def test_a_plugin_in_a_line():
    found, _ = plugin("one", status="broken", why="OSError: disk")
    assert str(found) == "plugin 'one' (superpose-one 0.3) is broken: OSError: disk"
    assert str(attrs.evolve(found, status="loaded", why="")) == "plugin 'one' (superpose-one 0.3) is loaded"
