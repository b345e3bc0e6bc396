"""Five distributions written from the public API alone, installed beside ours and run together with it."""

import ast
import json
import re
import shutil
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from PIL import Image

from fresh import install, make_environment, run
from loaded import Loaded
from superpose.cli import main
from superpose.kinds.roles import ROLES

HERE = Path(__file__).parent
NAMES = ("weather", "toyland", "tides", "mosaic", "dusk")
RECIPES = {
    "together.toml": ("weather", "toyland"),
    "tides.toml": ("tides", "toyland"),
    "eddy.toml": ("tides",),
    "worlds.toml": ("weather", "toyland"),
    "fog.toml": ("weather", "toyland"),
    "drizzle.toml": ("weather", "toyland"),
    "overcast.toml": ("weather", "toyland"),
    "sunshine.toml": ("weather", "toyland"),
    "mosaic.toml": ("mosaic",),
    "dusk.toml": ("dusk", "toyland"),
    "waves.toml": ("tides", "toyland"),
    "almanac.toml": ("weather", "toyland"),
}
#: The kinds of each, by role.
KINDS = {
    "weather": {
        "view": ["rain"],
        "decomposition": ["horizon", "layers"],
        "operator": ["fog"],
        "renderer": ["drizzle"],
        "loss": ["overcast"],
        "constraint": ["daylight"],
        "population": ["sunshine"],
        "medium": ["almanac"],
    },
    "toyland": {"model": ["toyland"], "guidance": ["middle-cfg"]},
    "tides": {"guidance": ["eddy", "swell", "undertow"], "constraint": ["moon", "still-water"], "executor": ["waves"]},
    "mosaic": {"model": ["mosaic"], "scheduler": ["unmask"]},
    "dusk": {"clip": ["hue"], "classifier": ["hours"]},
}
PUBLIC = {"superpose", "superpose_networks", "superpose.testing"}
BROKEN = {
    "pyproject.toml": """
        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "superpose-crash"
        version = "0.1"

        [project.entry-points.superpose]
        crash = "superpose_crash"

        [tool.hatch.build.targets.wheel]
        only-include = ["superpose_crash.py"]
        """,
    "superpose_crash.py": "raise OSError('libcuda.so\\nnot found')\n",
}


@pytest.fixture(scope="session")
def env(tmp_path_factory):
    """A fresh environment with all strangers in it."""
    folder = tmp_path_factory.mktemp("strangers")
    env = make_environment(folder / "env")
    for name in NAMES:
        shutil.copytree(HERE / f"superpose-{name}", folder / name)
    install(env, *(folder / name for name in NAMES))
    return env


@pytest.fixture(scope="session")
def beside(tmp_path_factory):
    """Variables with which the environment has a broken plugin, too: installed elsewhere, and on the path."""
    folder = tmp_path_factory.mktemp("crash")
    for name, text in BROKEN.items():
        (folder / name).write_text(dedent(text).lstrip())
    install(env := make_environment(folder / "env"), folder)
    [site] = {module.parent for module in env.rglob("superpose_crash.py")}
    return {"PYTHONPATH": str(site)}


@pytest.fixture(scope="session")
def superpose(env):
    """Commands there, with all plugins loaded once."""
    with Loaded(env) as commands:
        yield commands


def images(superpose, recipe, out):
    """The bytes of everything that a run leaves, by name."""
    superpose("run", str(recipe), "--out", str(out))
    return files(out)


def files(folder):
    """The bytes of the files in a folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="session")
def together(superpose, tmp_path_factory):
    """The folder of a run that uses all of theirs with ours."""
    out = tmp_path_factory.mktemp("together")
    made = images(superpose, HERE / "together.toml", out)
    assert set(made) == {"0000.png", "0001.png", "sheet.png", "recipe.toml", "run.json"}
    return out


@pytest.mark.parametrize("path", sorted(HERE.rglob("superpose-*/**/*.py")), ids=lambda path: path.stem)
def test_they_use_only_the_public_door(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = {node.module} if isinstance(node, ast.ImportFrom) else set()
        names |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
        private = {name for name in names if name.partition(".")[0] == "superpose"} - PUBLIC
        assert not private, f"{path.name} line {node.lineno} imports {private}"


def test_they_are_loaded_and_say_what_they_add(env):
    found = {row["name"]: row for row in json.loads(run(env, "superpose", "plugins", "--json").stdout)}
    for name, adds in KINDS.items():
        row = found[name]
        assert (row["distribution"], row["version"], row["status"]) == (f"superpose-{name}", "0.1.0", "loaded"), row
        assert row["adds"] == adds, row
        assert not [note for note in row["notes"] if "torch" in note], row


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_open_to_them(role):
    """A kind of each role is theirs, and runs in a recipe; the tests above and below hold both to be true."""
    theirs = {kind for roles in KINDS.values() for kind in roles.get(role, ())}
    used = {kind for recipe in RECIPES for kind in named((HERE / recipe).read_text())}
    assert theirs & used, f"no recipe here runs a {role} of theirs; they have {sorted(theirs) or 'none'}"


def named(recipe):
    """The kinds that a recipe names."""
    return {kind.rpartition(":")[2] for kind in re.findall(r'kind = "(.*?)"', recipe)}


@pytest.mark.parametrize("name", NAMES)
def test_they_keep_the_laws(superpose, name):
    *lines, _ = superpose("plugins", "check", name).stdout.splitlines()  # the last one counts them
    rows = [[cell for cell in line.split("  ") if cell] for line in lines]
    assert rows[0][:2] == [f"plugin {name}", "imports-fast"], lines[0]
    for row, line in zip(rows, lines, strict=True):
        if "undertow" in line:  # it must be told a model, and holds itself to the laws in its own tests
            assert "no default for model" in line, line
            continue
        assert row[-2].strip() == "ok", line
        float(row[-1])  # every line ends in a figure
    kinds = {row[0] for row in rows[1:]}
    assert kinds == {f"{role} {kind}" for role, of_role in KINDS[name].items() for kind in of_role}


@pytest.mark.parametrize("name", NAMES)
def test_their_own_tests_pass(env, name):
    done = run(env, "pytest", "-p", "no:cacheprovider", cwd=env.parent / name)
    assert " passed" in done.stdout, done.stdout
    assert "skipped" not in done.stdout, done.stdout


def test_all_of_them_run_in_one_recipe_with_ours(superpose, together, tmp_path):
    superpose("replay", str(together / "0001.png"), "--out", str(tmp_path))
    assert (tmp_path / "0001.png").read_bytes() == (together / "0001.png").read_bytes(), "a replay makes other bytes"


def test_gradients_wrappers_memory_and_a_second_network_run_in_one_recipe(superpose, tmp_path):
    recipe = HERE / "tides.toml"
    made = images(superpose, recipe, tmp_path / "made")
    told = superpose("check", str(recipe)).stdout
    assert "guidance swell" in told, told
    assert "constraint moon" in told, told
    again = tmp_path / "again"
    superpose("replay", str(tmp_path / "made" / "0001.png"), "--out", str(again))
    assert (again / "0001.png").read_bytes() == made["0001.png"], "a replay makes other bytes"


def test_taps_of_theirs_are_in_our_network(superpose, tmp_path):
    """They change what it paints, and the run is replayed; a network without attention is refused by name."""
    recipe, plain = HERE / "eddy.toml", tmp_path / "plain.toml"
    plain.write_text(recipe.read_text().replace("strength = 2.0", "strength = 0.0"))
    made = images(superpose, recipe, tmp_path / "made")
    without = images(superpose, plain, tmp_path / "without")
    assert made["0001.png"] != without["0001.png"]
    superpose("replay", str(tmp_path / "made" / "0001.png"), "--out", str(tmp_path / "again"))
    assert (tmp_path / "again" / "0001.png").read_bytes() == made["0001.png"], "a replay makes other bytes"
    plain.write_text(recipe.read_text().replace("glyphs-ldm", "glyphs").replace("bold A in red", "A"))
    told = superpose("check", str(plain), code=2).stderr
    assert "glyphs has no attention of places that can be tapped" in told, told


def test_the_recipe_shows_what_it_says(together):
    """The wall of a house on the ground, and daylight at 0.2."""
    mean = pixels(together).mean()
    assert abs(mean - 0.2) < 0.06, f"the mean is {mean:.3f}, and daylight keeps it at 0.2 but for clipping"
    # The house at size 16: the wall is (0.9, 0.8, 0.5) in columns 4 to 11, on a ground of (0.6, 0.8, 1.0).
    for image in pixels(together):
        wall, ground = image[11:14, 5:11].mean((0, 1)), image[11:14, :3].mean((0, 1))
        assert wall[0] - wall[2] > ground[0] - ground[2] + 0.4, f"no wall: {wall} on {ground}"


def test_two_networks_and_parts_named_by_an_option_share_a_canvas(superpose, tmp_path):
    """The dim world, above, is far noisier than the sharp one below."""
    made = images(superpose, HERE / "worlds.toml", tmp_path)
    assert {"0000.png", "0007.png", "sheet.png"} <= set(made)
    told = superpose("check", str(HERE / "worlds.toml")).stdout
    assert "20 evaluations of 2 networks" in told, told
    above, below = np.split(pixels(tmp_path), 2, axis=1)
    assert above.std(0).mean() > 3 * below.std(0).mean()


def test_an_operator_of_theirs_is_seen_through(env, superpose, tmp_path):
    """What was a house behind the fog is one again: nearer to the house than to anything else in their world."""
    made = images(superpose, HERE / "fog.toml", tmp_path / "made")
    assert "0001.png" in made
    program = "from superpose_toyland.predictor import pictures; print(pictures(16).tolist())"
    places = np.array(json.loads(run(env, "python", "-c", program).stdout)).transpose(0, 2, 3, 1)
    for image in pixels(tmp_path / "made"):
        far = np.square(places - image).mean((1, 2, 3))
        assert far.argmin() == 3, far
        assert far[3] < 0.05, far


def test_a_loss_of_theirs_is_guided_towards(superpose, tmp_path):
    images(superpose, HERE / "overcast.toml", tmp_path / "light")
    dark = tmp_path / "dark.toml"
    dark.write_text((HERE / "overcast.toml").read_text().replace("light = 0.5", "light = -0.5"))
    images(superpose, dark, tmp_path / "dark")
    assert pixels(tmp_path / "light").mean() > pixels(tmp_path / "dark").mean() + 0.1


def test_a_population_of_theirs_picks_the_bright_and_is_replayed(superpose, tmp_path):
    made = images(superpose, HERE / "sunshine.toml", tmp_path / "made")
    dull = tmp_path / "dull.toml"
    dull.write_text((HERE / "sunshine.toml").read_text().replace('"sunshine"', '"sunshine"\nstrength = -20.0'))
    images(superpose, dull, tmp_path / "dull")
    assert pixels(tmp_path / "made").mean() > pixels(tmp_path / "dull").mean() + 0.2
    again = tmp_path / "again"
    superpose("replay", str(tmp_path / "made" / "0001.png"), "--out", str(again))
    assert (again / "0001.png").read_bytes() == made["0001.png"], "a replay makes other bytes"


def test_a_medium_of_theirs_lies_beside_each_image_and_is_replayed(superpose, tmp_path):
    images(superpose, HERE / "almanac.toml", tmp_path / "made")
    entries = sorted((tmp_path / "made").glob("*.txt"))
    assert [entry.name for entry in entries] == [f"{k:04}.txt" for k in range(4)]
    assert {entry.read_text() for entry in entries} <= {"bright\n", "dark\n"}
    again = tmp_path / "again"
    superpose("replay", str(tmp_path / "made" / "0001.png"), "--out", str(again))
    assert (again / "0001.txt").read_bytes() == entries[1].read_bytes()


def test_a_process_of_theirs_runs_and_is_replayed(superpose, tmp_path):
    made = images(superpose, HERE / "mosaic.toml", tmp_path / "made")
    again = tmp_path / "again"
    superpose("replay", str(tmp_path / "made" / "0001.png"), "--out", str(again))
    assert (again / "0001.png").read_bytes() == made["0001.png"], "a replay makes other bytes"


@pytest.mark.parametrize(("hour", "way"), [("day", 1), ("night", -1)])
def test_a_classifier_of_theirs_leads_their_network(superpose, tmp_path, hour, way):
    """Toyland is brighter by day than by night; with the classifier only what is bright, or what is dark."""
    recipe = tmp_path / "hour.toml"
    recipe.write_text((HERE / "dusk.toml").read_text().replace("night", hour))
    images(superpose, recipe, tmp_path / "made")
    means = pixels(tmp_path / "made").mean((1, 2, 3)) * way
    assert (means > 0.2).all(), means


def test_an_executor_of_theirs_carries_out_a_sweep(superpose, tmp_path):
    told = superpose("sweep", str(HERE / "waves.toml"), "--out", str(tmp_path / "out"))
    assert "4 of 4 jobs made" in told.stderr, told.stderr
    by_ours = ("--out", str(tmp_path / "ours"), "--executor", "inline")
    superpose("sweep", str(HERE / "waves.toml"), *by_ours)
    theirs, ours = (
        {path.parent.name: path.read_bytes() for path in (tmp_path / out).glob("jobs/*/0*.png")}
        for out in ("out", "ours")
    )
    assert theirs == ours
    assert len(ours) == 4


def pixels(folder):
    """The samples in a folder, shape (N, H, W, 3), in [-1, 1]."""
    return np.stack([np.asarray(Image.open(path)) / 127.5 - 1 for path in sorted(folder.glob("0*.png"))])


def test_their_view_shows_our_model(superpose, tmp_path):
    made = images(superpose, HERE / "glyphs.toml", tmp_path)
    assert {"0000.png", "sheet.png"} <= set(made)


def test_a_broken_plugin_beside_them_changes_nothing_but_its_line(env, together, beside, tmp_path):
    fine, broken = (run(env, "superpose", "plugins", env=it).stdout.splitlines() for it in ({}, beside))
    [line] = [line for line in broken if "crash" in line]
    assert line.split(maxsplit=4) == ["crash", "superpose-crash", "0.1", "broken", "OSError: libcuda.so not found"]
    assert [it for it in broken if it != line] == fine, "other lines have changed"
    said = run(env, "superpose", "run", str(HERE / "together.toml"), "--out", str(tmp_path), env=beside).stderr
    told = [line for line in said.splitlines() if "crash" in line]
    assert told == ["superpose: plugin 'crash' is broken: OSError: libcuda.so not found"], said
    for name, data in files(tmp_path).items():
        if name != "run.json":  # it tells how long the run took
            assert data == (together / name).read_bytes(), f"{name} has other bytes"


def test_strictly_the_broken_plugin_is_an_error(env, beside):
    done = run(env, "superpose", "--strict-plugins", "kinds", code=2, env=beside)
    assert done.stderr == "superpose: plugin 'crash' (superpose-crash 0.1) is broken: OSError: libcuda.so not found\n"
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["plugins", "kinds", "schema"])
def test_torch_stays_out_until_a_recipe_runs(env, command):
    program = f"import sys\nfrom superpose.cli import main\nmain([{command!r}])\nprint('torch' in sys.modules)"
    assert run(env, "python", "-c", program).stdout.splitlines()[-1] == "False", command


@pytest.mark.parametrize("recipe", RECIPES)
def test_without_them_a_recipe_names_what_to_install(recipe, capsys):
    """They are installed in an environment of their own, and not where these tests run."""
    assert main(["check", str(HERE / recipe)]) == 2
    told = capsys.readouterr().err
    for name in RECIPES[recipe]:
        assert f'pip install "superpose-{name}' in told, told
