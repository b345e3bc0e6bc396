"""Hooks: one for each role that a plugin may add kinds of, by the words of its row, each told to whoever asks."""

import inspect

import pluggy
import pytest

from superpose import hookimpl
from superpose.kinds.roles import ROLES
from superpose.plugins import hooks

SPECS = {name: function for name, function in vars(hooks).items() if name.startswith("register_")}


def test_there_is_a_hook_for_each_role_and_no_other():
    assert set(SPECS) == {f"register_{role.plural}" for role in ROLES.values()}


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: role.name)
def test_each_says_which_class_it_is_called_with(role):
    spec = SPECS[f"register_{role.plural}"]
    assert f"`{role.interface.rpartition(':')[2]}` class" in inspect.getdoc(spec)
    assert list(inspect.signature(spec).parameters) == ["register"]


def test_pluggy_takes_them_for_specifications_and_calls_what_is_marked():
    manager = pluggy.PluginManager("superpose")
    manager.add_hookspecs(hooks)

    class Plugin:
        @hookimpl
        def register_views(self, register):
            register("a view")

        def register_models(self, register):
            raise AssertionError("it is not marked")

    manager.register(Plugin())
    manager.check_pending()
    called = []
    for name in SPECS:
        getattr(manager.hook, name)(register=called.append)
    assert called == ["a view"]


def test_a_hook_of_another_name_or_argument_is_found():
    manager = pluggy.PluginManager("superpose")
    manager.add_hookspecs(hooks)

    class Misspelt:
        @hookimpl
        def register_veiws(self, register):
            """Nobody calls this."""

    class Wrong:
        @hookimpl
        def register_views(self, registry):
            """Nobody gives this."""

    manager.register(Misspelt())
    with pytest.raises(pluggy.PluginValidationError, match="register_veiws"):
        manager.check_pending()
    with pytest.raises(pluggy.PluginValidationError, match="registry"):
        manager.register(Wrong())
