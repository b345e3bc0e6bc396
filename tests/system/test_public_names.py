"""The public names: each can be imported, and whoever reads a signature of one can import every type that it names."""

import ast
import importlib
from importlib.util import find_spec
from pathlib import Path

import pytest

import measure
import superpose
from superpose import testing

PUBLIC = {"superpose": superpose.__all__, "superpose.testing": testing.__all__}
NAMES = [(door, name) for door, names in PUBLIC.items() for name in names if name != "testing"]


def tree_of(module):
    """The syntax of a module; of its stub, where it has one."""
    path = Path(find_spec(module).origin)
    stub = path.with_suffix(".pyi")
    return ast.parse((stub if stub.exists() else path).read_text())


def top(tree):
    """What stands at the top of a module, or there under a condition."""
    for node in tree.body:
        yield from node.body if isinstance(node, ast.If) else [node]


def defined(node):
    """The name that a statement defines; empty for none."""
    if isinstance(node, ast.Assign):
        return getattr(node.targets[0], "id", "")
    return getattr(node, "name", "") or getattr(getattr(node, "target", None), "id", "")


def imported(tree):
    """The module that each name of ours is imported from."""
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    found = {alias.asname or alias.name: node.module for node in lines for alias in node.names}
    return {name: module for name, module in found.items() if module.split(".")[0] == "superpose"}


def definition(module, name):
    """The module in which a name is defined, and the statement."""
    tree = tree_of(module)
    for node in top(tree):
        if defined(node) == name:
            return module, node
    return definition(imported(tree)[name], name)


def types_in(annotation):
    """The names in an annotation, also those inside quotes."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.islower():
            yield from types_in(ast.parse(node.value, mode="eval"))


def named_by(node):
    """The types that a reader of a definition meets: parameters, results, bases, public fields, aliases."""
    if isinstance(node, ast.FunctionDef):
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        annotations = [it.annotation for it in given if it is not None] + [node.returns]
        for annotation in filter(None, annotations):
            yield from types_in(annotation)
    elif isinstance(node, ast.ClassDef):
        for base in node.bases:
            yield from types_in(base)
        for inner in node.body:
            if not defined(inner).startswith("_") or defined(inner) in ("__init__", "__call__"):
                yield from named_by(inner)
    elif isinstance(node, ast.AnnAssign):
        yield from types_in(node.annotation)
    elif isinstance(node, ast.Assign) and defined(node)[:1].isupper():
        yield from types_in(node.value)


@pytest.mark.parametrize(("door", "name"), NAMES)
def test_every_type_that_a_public_signature_names_is_public(door, name):
    module, node = definition(door, name)
    tree = tree_of(module)
    here = {it: module for it in map(defined, top(tree)) if it[:1].isupper() and it[1:]}  # one letter: a type variable
    ours = imported(tree) | here
    for it in set(named_by(node)) & set(ours):
        assert any(it in names for names in PUBLIC.values()), f"{name} names {ours[it]}.{it}, which is not public"


@pytest.mark.parametrize(("door", "name"), NAMES)
def test_every_public_name_can_be_imported(door, name):
    assert hasattr({"superpose": superpose, "superpose.testing": testing}[door], name)


@pytest.mark.parametrize("package", sorted(set().union(*measure.BUILT_ON.values())))
def test_a_plugin_that_others_build_on_has_what_its_package_promises(package):
    tree = tree_of(package)
    promised = {name.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    module = importlib.import_module(package)
    for name in promised - {None}:
        assert getattr(module, name) is not None, name
    assert module._LATER.keys() <= promised
    with pytest.raises(AttributeError, match=f"{package} has no public name 'nothing'"):
        _ = module.nothing
