"""The commands that only tell: check, kinds, plugins, schema, help."""

import json
from pathlib import Path

import pytest

from superpose import __version__
from superpose.cli import COMMANDS, main
from superpose.kinds.options import options_of
from superpose.kinds.roles import ROLES
from superpose.plugins import load_plugins

ROOT = Path(__file__).parents[3]


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert f"    {command} " in text, command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    assert "usage: superpose" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "makes"),
    [
        ("gallery", ["RUN/gallery.html"]),
        ("score", ["RUN/scores.json"]),
        ("animate", [".gif", ".webp", ".mp4"]),
        ("puzzle", ["IMAGE-puzzle.svg", "IMAGE-puzzle.pdf"]),
        ("primes", ["IMAGE-prime-1.png", "IMAGE-primes.pdf"]),
        ("typeset", ["IMAGE-word.png", "IMAGE-word.svg"]),
        ("steps", ["runs/NAME-steps.png", "NAME-forward.png"]),
        ("diff", ["FILE.png"]),
    ],
)
def test_help_names_the_files_that_a_command_makes(command, makes, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = "".join(capsys.readouterr().out.split())
    assert [name for name in makes if name not in text] == []


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("recipe", "rows", "shows"),
    [
        ("ambigram", 4, ["identity", "rotate degrees=180", "prompt 'A'", "prompt 'V'"]),
        ("hybrid", 3, ["hybrid", "low", "high"]),
        ("sample", 2, ["prompt 'R'"]),
        ("nested", 5, ["hybrid", "rotate degrees=180"]),
    ],
)
def test_check_shows_the_composition_and_its_price(recipe, rows, shows, capsys):
    assert main(["check", str(ROOT / "recipes" / f"{recipe}.toml")]) == 0
    text = capsys.readouterr().out
    assert f"{rows} network rows a sample and step" in text
    for part in shows:
        assert part in text, part


def test_check_reads_no_weights(capsys, monkeypatch):
    model = load_plugins().get("model", "glyphs")
    load = model.load

    def without_weights(self, device="cpu", dtype="float32"):
        assert device == "meta", "weights were read"
        return load(self, device, dtype)

    monkeypatch.setattr(model, "load", without_weights)
    assert main(["check", str(ROOT / "recipes/ambigram.toml")]) == 0


def test_kinds_lists_everything_registered(capsys):
    assert main(["kinds"]) == 0
    text = capsys.readouterr().out
    for role in ROLES:
        for kind in load_plugins().kinds(role):
            assert f" {kind} " in text, f"{role} {kind}"


@pytest.mark.parametrize("role", ROLES)
def test_every_kind_has_a_manual(role, capsys):
    for kind, cls in load_plugins().kinds(role).items():
        assert main(["kinds", kind]) == 0
        text = capsys.readouterr().out
        assert f"{kind} ({role})" in text
        for option in options_of(cls):
            assert f"  {option.name}: " in text, f"{kind} hides its option {option.name}"


def test_an_unknown_kind_names_the_nearest(capsys):
    assert main(["kinds", "rotat"]) == 2
    assert "no kind 'rotat'; did you mean 'rotate'?" in capsys.readouterr().err


def test_plugins_lists_ours_as_loaded(capsys):
    assert main(["plugins", "--json"]) == 0
    found = {plugin["name"]: plugin for plugin in json.loads(capsys.readouterr().out)}
    for name in ("schedulers", "glyphs", "guidance", "views", "decompositions", "constraints"):
        assert found[name]["status"] == "loaded", found[name]
    assert "ddim" in found["schedulers"]["adds"]["scheduler"]
    assert main(["plugins"]) == 0
    assert "glyphs" in capsys.readouterr().out


def test_schema_is_json_and_knows_the_kinds(capsys):
    assert main(["schema"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["$schema"]
    for kind in load_plugins().kinds("view"):
        assert f'"{kind}"' in text
