"""A role is one row of the table and one hook: hooks, recipes, schema, manuals and laws follow."""

import pytest

import example_losses
from example_losses import Brightness, Pull
from fake_plugins import installing
from superpose import PluginError, RecipeError
from superpose.kinds.roles import ROLES
from superpose.plugins import discover, hooks
from superpose.plugins.hooks import hookspec
from superpose.plugins.validate import validate
from superpose.recipe import loads, schema
from superpose.recipe.example import example
from superpose.testing import report

RECIPE = """
prompt = "A"
model = {kind = "none"}
scheduler = {kind = "none"}

[guidance]
kind = "pull"
loss = {kind = "brightness", at = LEVEL}
"""


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """All that is installed where somebody added the role, and a plugin implements it."""
    monkeypatch.setitem(ROLES, "loss", example_losses.ROW)
    monkeypatch.setattr(hooks, "register_losses", hookspec(example_losses.register_losses), raising=False)
    for install in installing(tmp_path, monkeypatch):
        install("dim", example_losses.plugin())
        yield discover()


def test_a_hook_for_each_role_and_a_role_for_each_hook():
    specified = {name for name, it in vars(hooks).items() if hasattr(it, "superpose_spec")}
    assert specified == {role.hook for role in ROLES.values()}


def test_a_row_names_itself_and_what_it_is_used_for():
    for name, role in ROLES.items():
        assert role.name == name == role.base.role
        assert callable(role.cases()), f"{name} is held to no law"


def test_a_plugin_registers_kinds_of_a_new_role(registry):
    [plugin] = registry.plugins
    assert (plugin.status, plugin.adds) == ("loaded", {"guidance": ("pull",), "loss": ("brightness",)})
    assert registry.get("loss", "brightness") is Brightness


def test_a_recipe_may_name_kinds_of_a_new_role(registry):
    with pytest.raises(RecipeError) as caught:
        loads(RECIPE.replace("LEVEL", "3.0"), registry=registry)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3, lines  # the model and the scheduler are not there either
    assert "guidance.loss.at: must be at most 1, got 3.0" in lines[2]
    with pytest.raises(RecipeError, match="no such loss 'brightnes'; did you mean 'brightness'"):
        registry.get("loss", "brightnes")


def test_schema_example_and_laws_know_a_new_role(registry):
    definitions = schema(registry)["definitions"]
    assert definitions["loss"]["description"] == "What is to be small."
    assert "at" in definitions["loss:brightness"]["properties"]
    assert (
        example(Brightness, registry) == '[guidance]\nkind = "pull"\n\n[guidance.loss]\nkind = "brightness"\nat = 0.0\n'
    )
    assert 'loss = {kind = "brightness", at = 0.0}' in example(Pull, registry)
    assert [(line.law, line.status, line.figure) for line in report(Brightness)] == [("is-bounded", "ok", 1.0)]


def test_a_class_of_another_role_is_told_its_hook(registry):
    with pytest.raises(PluginError, match="whose role is 'loss'; register it in register_losses"):
        validate(Brightness, "view")
