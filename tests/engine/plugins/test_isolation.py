"""What a plugin does badly is a line of its own, and nobody else's trouble."""

import json
import sys

import attrs
import pytest

from fake_plugins import installing, views
from superpose.cli import main
from superpose.errors import PluginError
from superpose.plugins import BLOCK, Plugin, discover, discovery, load_plugins, registry


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a plugin for one test."""
    yield from installing(tmp_path, monkeypatch)


def listed(capsys):
    """The lines of ``superpose plugins`` and of its standard error."""
    assert main(["plugins"]) == 0
    told = capsys.readouterr()
    return told.out.splitlines(), told.err.splitlines()


BAD = {
    "broken": {"name": "bad", "code": "raise OSError('disk')"},
    "incompatible": {"name": "bad", "code": views("bad"), "requires": ["superpose>=99"]},
    "duplicate": {"name": "bad", "code": views("good")},
    "blocked": {"name": "bad", "code": "raise OSError('disk')"},
}
WHY = {
    "broken": "OSError: disk",
    "incompatible": "it wants superpose>=99; this is superpose 0.1.0",
    "duplicate": "view 'good' is registered by 'a-good' (superpose-a-good 0.3) already; "
    "plugin 'bad' (superpose-bad 0.3) must rename it",
    "blocked": "by SUPERPOSE_BLOCK_PLUGINS",
}


@pytest.mark.parametrize("status", BAD)
def test_each_has_one_line_and_the_others_keep_theirs(install, status, monkeypatch, capsys):
    install("a-good", views("good"))
    alone, _ = listed(capsys)
    discovery._loaded.cache_clear()
    install(**BAD[status])
    if status == "blocked":
        monkeypatch.setenv(BLOCK, "bad")
    lines, warned = listed(capsys)
    assert lines == [*alone, f"{'bad':<15} {'superpose-bad 0.3':<22} {status:<12} {WHY[status]}"]
    assert warned == []


@pytest.mark.parametrize("status", BAD)
def test_strictly_each_is_an_error_but_a_blocked_one(install, status, monkeypatch, capsys):
    install("a-good", views("good"))
    install(**BAD[status])
    if status == "blocked":
        monkeypatch.setenv(BLOCK, "bad")
        assert [plugin.status for plugin in load_plugins(strict=True).plugins] == ["loaded", "blocked"]
        return
    with pytest.raises(PluginError) as caught:
        load_plugins(strict=True)
    line = f"plugin 'bad' (superpose-bad 0.3) is {status}: {WHY[status]}"
    assert str(caught.value) == line
    assert main(["--strict-plugins", "plugins"]) == 2
    assert capsys.readouterr().err == f"superpose: {line}\n"


@pytest.mark.parametrize("command", [["plugins"], ["kinds"]])
def test_blocking_what_is_not_there_is_one_line(install, monkeypatch, capsys, command):
    install("hinge", views("hinge"))
    monkeypatch.setenv(BLOCK, "hinges, ,*")
    assert main(command) == 0
    told = "superpose: SUPERPOSE_BLOCK_PLUGINS names 'hinges', which is no plugin here; did you mean 'hinge'?\n"
    assert capsys.readouterr().err == told


def test_blocking_what_is_there_says_nothing(install, monkeypatch):
    install("hinge", views("hinge"))
    for block in ("hinge", "*", "", "hinge,"):
        monkeypatch.setenv(BLOCK, block)
        assert discover().warnings == (), block


def a_slow_plugin(**fields):
    return Plugin(name="slow", distribution="superpose-slow", version="0.3", **fields)


@pytest.mark.parametrize(
    ("plugin", "notes"),
    [
        (a_slow_plugin(seconds=0.49), ()),
        (a_slow_plugin(seconds=1.93), ("slow: 1.9 s to import",)),
        (
            a_slow_plugin(seconds=1.93, brings_torch=True),
            ("slow: 1.9 s to import (torch is imported at import time: move it into functions)",),
        ),
        (
            a_slow_plugin(seconds=0.1, brings_torch=True),
            ("torch is imported at import time: move it into functions",),
        ),
        (a_slow_plugin(seconds=9, status="broken"), ()),
    ],
)
def test_what_an_author_should_know(plugin, notes):
    assert plugin.notes == notes


@pytest.fixture
def no_torch(tmp_path, monkeypatch):
    """No torch has been imported, and the one there is is empty."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "torch")
    (tmp_path / "torch.py").write_text("")


def test_a_plugin_that_waits_for_a_busy_machine_is_not_slow(install, monkeypatch):
    monkeypatch.setattr(registry, "SLOW", 0.2)
    install("waiting", "import time\ntime.sleep(0.3)\n" + views("waiting"))
    [waiting] = discover().plugins
    assert waiting.notes == ()


def test_the_plugin_that_brings_torch_is_told(install, no_torch, monkeypatch, capsys):
    monkeypatch.setattr(registry, "SLOW", 0.0)
    install("a-light", views("light"))
    install("heavy", "import torch\n" + views("heavy"))
    install("later", "import torch\n" + views("later"))
    light, heavy, later = discover().plugins
    assert [plugin.brings_torch for plugin in (light, heavy, later)] == [False, True, False], "the first one brings it"
    assert light.notes == (f"slow: {light.seconds:.1f} s to import",)
    assert main(["plugins"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["a-light", "superpose-a-light", "0.3", *f"loaded, {light.notes[0]} view: light".split()]


def test_a_note_stands_in_the_line_and_in_the_json(install, monkeypatch, capsys):
    install("hinge", views("hinge"))
    slow = attrs.evolve(load_plugins().plugins[0], seconds=1.93, brings_torch=True)
    monkeypatch.setattr(load_plugins(), "plugins", (slow,))
    [line], _ = listed(capsys)
    assert line == (
        f"{'hinge':<15} {'superpose-hinge 0.3':<22} loaded, slow: 1.9 s to import "
        "(torch is imported at import time: move it into functions) view: hinge"
    )
    assert main(["plugins", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["status"] == "loaded"
    assert row["notes"] == list(slow.notes)
