"""Plugins of a file each: only from the folder that the user names, and like any other plugin otherwise."""

import json
import re
import sys

import pytest

from fake_plugins import installing, views
from superpose import PluginError
from superpose.cli import main
from superpose.plugins import BLOCK, discover, discovery
from superpose.plugins.folder import FOLDER


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a plugin for one test, and forgets the files that were loaded."""
    monkeypatch.delenv(FOLDER, raising=False)
    yield from installing(tmp_path, monkeypatch)
    for name in [name for name in sys.modules if name.startswith("superpose_plugins_dir.")]:
        del sys.modules[name]


@pytest.fixture
def place(tmp_path, install):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "half_turn.py").write_text(views("half-turn"))
    (folder / "_notes.py").write_text("raise RuntimeError('this is no plugin')")
    return folder


def test_a_file_is_a_plugin_where_the_user_names_its_folder(place, capsys, monkeypatch):
    monkeypatch.setenv(FOLDER, "")  # so that what the command sets is undone
    assert discover().plugins == ()
    assert main(["--plugins-dir", str(place), "plugins", "--json"]) == 0
    [plugin] = json.loads(capsys.readouterr().out)
    assert (plugin["name"], plugin["status"], plugin["adds"]) == ("half-turn", "loaded", {"view": ["half-turn"]})
    assert (plugin["distribution"], plugin["file"]) == ("half_turn.py", str((place / "half_turn.py").resolve()))
    discovery._loaded.cache_clear()
    assert main(["--plugins-dir", str(place), "plugins"]) == 0
    assert f"loaded, from {place / 'half_turn.py'}" in capsys.readouterr().out


def test_no_folder_is_looked_into_by_itself(place, monkeypatch):
    monkeypatch.chdir(place)
    assert discover().plugins == ()


def test_the_version_is_that_of_the_text(place, monkeypatch):
    monkeypatch.setenv(FOLDER, str(place))
    [before] = discover().plugins
    (place / "half_turn.py").write_text(views("half-turn") + "\n")
    [after] = discover().plugins
    assert before.version != after.version
    assert len(after.version) == 12


def test_a_broken_file_stops_nobody(place, install, monkeypatch):
    install("hinge", views("hinge"))
    (place / "bad.py").write_text("raise OSError('disk')")
    monkeypatch.setenv(FOLDER, str(place))
    assert [(it.name, it.status) for it in discover().plugins] == [
        ("hinge", "loaded"),
        ("bad", "broken"),
        ("half-turn", "loaded"),
    ]
    monkeypatch.setenv(BLOCK, "half-turn")
    assert discover().plugins[-1].status == "blocked"


def test_a_file_can_not_take_the_place_of_an_installed_plugin(place, install, monkeypatch):
    install("half-turn", views("other"))
    monkeypatch.setenv(FOLDER, str(place))
    first, second = discover().plugins
    assert (first.status, second.status) == ("loaded", "duplicate")
    assert second.why.endswith("must rename its file")


def test_a_folder_that_is_none_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "nowhere"))
    with pytest.raises(PluginError, match="nowhere is no folder: --plugins-dir"):
        discover()


@pytest.mark.parametrize("name", ["", "half_turn.py"])
def test_what_everybody_may_write_to_is_refused(place, monkeypatch, name):
    (place / name).chmod(0o777)
    monkeypatch.setenv(FOLDER, str(place))
    with pytest.raises(PluginError, match="may be written by everybody: chmod o-w it"):
        discover()


def test_it_is_held_to_the_laws_like_others(place, monkeypatch, capsys):
    monkeypatch.setenv(FOLDER, str(place))
    discovery._loaded.cache_clear()
    assert main(["plugins", "check", "half-turn", "half-turn", "--broken", "--size", "3x8x8"]) == 0
    assert re.fullmatch(r"(\d\d) laws: \1 ok, 0 broken, 0 skipped\n", capsys.readouterr().out)
    assert main(["plugins", "check", "half-turn", "half-trun"]) == 2
    assert "has no kind 'half-trun'; did you mean 'half-turn'?" in capsys.readouterr().err
