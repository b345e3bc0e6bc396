"""Plugins: found, judged and loaded one by one, so that none can stop the others."""

import ctypes
import json
import os
import sys
import textwrap

import pytest

import superpose
from example_kinds import REGISTRY, Rotate
from fake_plugins import HEADER, installing, view, views
from superpose.cli import main
from superpose.errors import PluginError, RecipeError
from superpose.kinds.roles import ROLES
from superpose.plugins import BLOCK, Registry, discover, discovery, load_plugins
from superpose.plugins.hooks import hookspec


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a plugin for one test."""
    yield from installing(tmp_path, monkeypatch)


def only(registry):
    (plugin,) = registry.plugins
    return plugin


def test_a_good_plugin_adds_its_kinds(install):
    install("hinge", views("hinge", "fold"), version="0.3.1")
    registry = discover()
    plugin = only(registry)
    assert (plugin.name, plugin.distribution, plugin.version) == ("hinge", "superpose-hinge", "0.3.1")
    assert (plugin.status, plugin.why, plugin.adds) == ("loaded", "", {"view": ("fold", "hinge")})
    assert plugin.seconds > 0
    assert list(registry.kinds("view")) == ["fold", "hinge"]
    assert registry.owner(registry.get("view", "hinge")) == plugin
    assert registry.known("view") == "fold, hinge (superpose-hinge 0.3.1)"


def test_register_serves_as_a_decorator_and_hooks_may_ignore_it(install):
    code = HEADER + "@hookimpl\ndef register_models():\n    pass\n\n@hookimpl\ndef register_views(register):\n"
    install("deco", code + textwrap.indent(view("deco").replace("@attrs", "@register\n@attrs"), "    "))
    assert only(discover()).adds == {"view": ("deco",)}


def test_plugins_come_ours_first_and_then_by_name(install, tmp_path):
    install("zeta", views("zeta"))
    install("alpha", views("alpha"))
    module = install("spare", views("mid"))
    for folder in tmp_path.glob("superpose-*.dist-info"):
        (folder / "entry_points.txt").write_text(f"[superpose]\nmid = {module}\n")
    assert [(it.name, it.distribution) for it in discover().plugins] == [
        ("mid", "superpose"),
        ("alpha", "superpose-alpha"),
        ("spare", "superpose-spare"),
        ("zeta", "superpose-zeta"),
    ]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise OSError('libcuda.so\\nnot found')", "OSError: libcuda.so not found"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError", "RuntimeError"),
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("x = (", "SyntaxError: '(' was never closed (fake_0.py, line 1)"),
        ("", "it implements no hook; mark its register_ functions with @superpose.hookimpl"),
        (
            "from superpose.plugins import hookimpl\n@hookimpl\ndef register_veiws(register): pass",
            "there is no hook 'register_veiws'; did you mean 'register_views'?",
        ),
        (
            "from superpose.plugins import hookimpl\n@hookimpl(wrapper=True)\ndef register_views(register):\n    yield",
            "register_views is a hook wrapper; registration has nothing to wrap",
        ),
        (
            "from superpose.plugins import hookimpl\n@hookimpl\ndef register_views(register): register(3)",
            "register takes classes of kinds, got 3",
        ),
        (
            (
                "from superpose.plugins import hookimpl\nfrom example_kinds import Rotate\n"
                "@hookimpl\ndef register_views(register):\n    register(Rotate)\n    register(Rotate)"
            ),
            "view 'rotate' is registered twice",
        ),
        (
            "from superpose import Guidance\nclass Old(Guidance):\n    def check_prompt(self, prompt): pass",
            (
                "fake_0.Old.check_prompt is called prompt_problems now, and yields a superpose.Problem for each thing "
                "that is wrong, where it raised an error"
            ),
        ),
    ],
)
def test_a_broken_plugin_is_one_line(install, code, why):
    install("crash", code)
    install("good", views("good"))
    registry = discover()
    crash, good = registry.plugins
    assert (crash.status, crash.why, crash.adds) == ("broken", why, {})
    assert good.status == "loaded"
    assert list(registry.kinds("view")) == ["good"]


def test_a_hook_with_an_unknown_argument_is_one_line(install):
    install("crash", "from superpose.plugins import hookimpl\n@hookimpl\ndef register_views(reg): pass")
    plugin = only(discover())
    assert plugin.status == "broken"
    assert "{'reg'} are declared in the hookimpl but can not be found in the hookspec" in plugin.why
    assert "\n" not in plugin.why


def test_control_c_is_not_swallowed(install):
    install("slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        discover()


def test_a_plugin_that_fails_half_way_leaves_nothing(install):
    install("half", views("half") + "    raise ValueError('no more')\n")
    registry = discover()
    assert only(registry).why == "ValueError: no more"
    assert registry.kinds("view") == {}


@pytest.mark.parametrize("block", ["noisy", "other, noisy", "*"])
def test_a_blocked_plugin_is_never_imported(install, monkeypatch, block):
    module = install("noisy", views("noisy"))
    monkeypatch.setenv(BLOCK, block)
    plugin = only(discover())
    assert (plugin.status, plugin.why) == ("blocked", "by SUPERPOSE_BLOCK_PLUGINS")
    assert module not in sys.modules


def test_a_kind_of_a_blocked_plugin_is_missed_with_the_reason(install, monkeypatch):
    install("noisy", views("noisy"))
    monkeypatch.setenv(BLOCK, "*")
    with pytest.raises(RecipeError) as caught:
        discover().get("view", "noisy")
    assert str(caught.value) == "no such view 'noisy'; known: none; SUPERPOSE_BLOCK_PLUGINS blocks 'noisy'"


@pytest.mark.parametrize("name", ["Hinge", "my_hinge", "hinge-", "9hinge", "a.b"])
def test_names_are_checked_before_anything_is_imported(install, name):
    module = install(name, views("hinge"), distribution="superpose-strange")
    plugin = only(discover())
    assert plugin.status == "broken"
    assert plugin.why == (f"its name must be lower case letters and digits with single hyphens between, not {name!r}")
    assert module not in sys.modules


@pytest.mark.parametrize(
    ("need", "status"),
    [
        ("superpose<0.1", "incompatible"),
        ("superpose>=99; python_version>'3'", "incompatible"),
        ("superpose>=0.1,<99", "loaded"),
        ("superpose>=99; extra == 'later'", "loaded"),
        ("superpose>=99; python_version<'3'", "loaded"),
        ("superpose-other>=99", "loaded"),
    ],
)
def test_the_version_of_superpose_that_a_plugin_wants(install, need, status):
    module = install("old", views("old"), requires=[need])
    plugin = only(discover())
    assert plugin.status == status, plugin.why
    if status == "incompatible":
        wanted = need.partition(";")[0]
        assert plugin.why == f"it wants {wanted}; this is superpose {superpose.__version__}"
        assert module not in sys.modules


def test_metadata_that_makes_no_sense(install):
    install("odd", views("odd"), requires=["superpose >>> 3"])
    assert only(discover()).why == "its metadata has a requirement that can't be read: 'superpose >>> 3'"


def test_a_kind_registered_twice_names_both_owners(install):
    install("first", views("hinge", "one"), version="0.1")
    install("second", views("two", "hinge"), version="0.2")
    registry = discover()
    first, second = registry.plugins
    assert first.status == "loaded"
    assert second.status == "duplicate"
    assert second.why == (
        "view 'hinge' is registered by 'first' (superpose-first 0.1) already; "
        "plugin 'second' (superpose-second 0.2) must rename it"
    )
    assert second.adds == {}
    assert list(registry.kinds("view")) == ["hinge", "one"], "the later plugin must leave nothing"
    assert registry.owner(registry.get("view", "hinge")) == first


def test_two_plugins_of_one_name(install):
    install("hinge", views("hinge"), distribution="superpose-a", version="0.1")
    install("hinge", views("fold"), distribution="superpose-b", version="0.2")
    first, second = discover().plugins
    assert first.status == "loaded"
    assert (second.status, second.why) == (
        "duplicate",
        "superpose-a 0.1 has a plugin of that name already; superpose-b 0.2 must rename its entry point",
    )


def test_the_same_class_under_two_roles_of_names_is_no_clash(install):
    code = (
        HEADER
        + view("hinge")
        + (
            '@attrs.frozen(kw_only=True)\nclass Parts(Decomposition):\n    """Parts."""\n    kind = "hinge"\n'
            '    names = ("a", "b")\n    def split(self, x): return x, x\n\n\n'
            "@hookimpl\ndef register_views(register):\n    register(Hinge)\n\n\n"
            "@hookimpl\ndef register_decompositions(register):\n    register(Parts)\n"
        )
    )
    install("hinge", code)
    assert only(discover()).adds == {"decomposition": ("hinge",), "view": ("hinge",)}


def test_strict_raises_with_every_line_and_the_first_cause(install, monkeypatch):
    install("crash", "raise OSError('disk')")
    install("typo", "raise KeyError('x')")
    install("good", views("good"))
    discovery._loaded.cache_clear()
    try:
        assert load_plugins() is load_plugins()
        with pytest.raises(PluginError) as caught:
            load_plugins(strict=True)
    finally:
        discovery._loaded.cache_clear()
    assert str(caught.value).splitlines() == [
        "plugin 'crash' (superpose-crash 0.3) is broken: OSError: disk",
        "plugin 'typo' (superpose-typo 0.3) is broken: KeyError: 'x'",
    ]
    assert isinstance(caught.value.__cause__, OSError)


def test_strict_does_not_mind_what_is_blocked(install, monkeypatch):
    install("crash", "raise OSError('disk')")
    monkeypatch.setenv(BLOCK, "crash")
    discovery._loaded.cache_clear()
    try:
        assert [plugin.status for plugin in load_plugins(strict=True).plugins] == ["blocked"]
    finally:
        discovery._loaded.cache_clear()


@pytest.mark.parametrize(
    ("role", "kind", "message"),
    [
        ("view", "rotat", "no such view 'rotat'; did you mean 'rotate' (superpose-examples 0.3)?"),
        ("view", "Rotate", "no such view 'Rotate'; did you mean 'rotate' (superpose-examples 0.3)?"),
        ("view", "zzz", "no such view 'zzz'; known: flip, identity, rotate (superpose-examples 0.3)"),
        ("veiw", "rotate", "no such role 'veiw'; did you mean 'view'?"),
        ("clip", "statik", "no such clip 'statik'; did you mean 'static' (superpose-examples 0.3)?"),
        (
            "view",
            "examples:flip",
            "no such view 'examples:flip'; known: flip, identity, rotate (superpose-examples 0.3)",
        ),
    ],
)
def test_an_unknown_kind(role, kind, message):
    with pytest.raises(RecipeError) as caught:
        REGISTRY.get(role, kind)
    assert str(caught.value) == message


def test_an_unknown_kind_names_the_plugin_that_did_not_load(install):
    install("crash", "raise OSError('disk')")
    install("good", views("good"))
    registry = discover()
    crash = "plugin 'crash' (superpose-crash 0.3) is broken: OSError: disk"
    with pytest.raises(RecipeError) as caught:
        registry.get("view", "hinge")
    assert str(caught.value) == f"no such view 'hinge'; known: good (superpose-good 0.3); {crash}"


def test_the_engine_registers_nothing_by_itself():
    assert not any(Registry().kinds(role) for role in Registry().roles)


def test_a_class_that_nobody_registered_has_no_owner():
    with pytest.raises(PluginError, match="Rotate is not registered"):
        Registry().owner(Rotate)


def test_every_role_has_a_hook_and_every_hook_a_role():
    from superpose.plugins import hooks

    specs = {name: hook for name, hook in vars(hooks).items() if hasattr(hook, f"{hookspec.project_name}_spec")}
    assert set(specs) == {role.hook for role in ROLES.values()}
    for name, hook in specs.items():
        assert hook.__doc__, f"{name} has no documentation"


MALICE = {
    "str": "class Sulky(Exception):\n    def __str__(self):\n        raise SystemExit(3)\nraise Sulky",
    "base": "class Odd(BaseException): pass\nraise Odd('no reason')",
    "generator": "raise GeneratorExit",
    "exit": "import sys; sys.exit('bye')",
    "escape": "raise ValueError('\\x1b[2Jgone\\nplugin all is well')",
    "long": "raise ValueError('x' * 100_000)",
    "stdout": "import sys; print('garbage'); sys.stdout.write('more'); sys.stdout.close(); raise ValueError",
}


@pytest.mark.parametrize("name", MALICE)
def test_a_malicious_plugin_is_one_short_line_and_the_others_work(install, name, capsys):
    install("good", views("whirl"))
    install(name, MALICE[name])
    assert main(["plugins"]) == 0
    out, err = capsys.readouterr()
    lines = [line for line in out.splitlines() if line.startswith(name)]
    assert len(lines) == 1, out
    assert "broken" in lines[0]
    assert len(lines[0]) < 700
    assert out.splitlines()[0].startswith(("good", name)), "something was printed before the table"
    assert "\x1b" not in out + err
    assert load_plugins().kinds("view").keys() == {"whirl"}


SAID = {
    "print": "print('hello')",
    "closed": "import sys; sys.stdout.close()",
    "the file itself": "import os; os.write(1, b'hello')",
    "a C library": "import ctypes; ctypes.CDLL(None).printf(b'hello')",
    "another program": "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(5)'])",
}


@pytest.mark.parametrize("how", SAID)
def test_a_good_plugin_that_prints_leaves_json_json(how, install, capfd):
    install("chatty", f"{SAID[how]}\n" + views("whirl"))
    install("later", "print('hello')\n" + views("twirl"))
    assert main(["plugins", "--json"]) == 0
    ctypes.CDLL(None).fflush(None)
    assert [plugin["status"] for plugin in json.loads(capfd.readouterr().out)] == ["loaded", "loaded"]


def test_without_standard_output_plugins_are_loaded_all_the_same(install):
    install("chatty", "print('hello')\n" + views("whirl"))
    before = os.dup(1)
    try:
        os.close(1)
        assert [plugin.status for plugin in discovery.discover().plugins] == ["loaded"]
    finally:
        os.dup2(before, 1)
        os.close(before)


@pytest.mark.parametrize(
    "files",
    [
        {"METADATA": "Metadata-Version: 2.1\n", "entry_points.txt": "[superpose]\nodd = fake_nothing\n"},
        {"entry_points.txt": "[superpose]\nodd = fake_nothing\n"},
        {"METADATA": "Metadata-Version: 2.1\nName: odd\nVersion: 1\n", "entry_points.txt": "[superpose]\nno equals\n"},
        {"METADATA": "Metadata-Version: 2.1\nName: odd\nVersion: 1\n", "entry_points.txt": b"[superpose]\n\xff = x\n"},
        {
            "METADATA": "Metadata-Version: 2.1\nName: odd\nVersion: 1\n",
            "entry_points.txt": "[superpose]\nodd = 1 ! 2\n",
        },
        {
            "METADATA": "Metadata-Version: 2.1\nName: odd\nVersion: 1\n",
            "entry_points.txt": "[superpose]\na b\x1b = x\n",
        },
        {"METADATA": b"\xff\xfe\x00", "entry_points.txt": "[superpose]\nodd = fake_nothing\n"},
    ],
)
def test_damaged_metadata_is_a_line_and_the_others_work(install, files, tmp_path, capsys):
    install("good", views("whirl"))
    folder = tmp_path / "odd-1.dist-info"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["plugins"]) == 0
    out, err = capsys.readouterr()
    assert len([line for line in out.splitlines() + err.splitlines() if not line.startswith("good")]) == 1, out + err
    assert "\x1b" not in out + err
    assert load_plugins().kinds("view").keys() == {"whirl"}
