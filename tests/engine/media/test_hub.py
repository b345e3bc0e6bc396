"""Models by path or by hub: nothing is fetched unless somebody allows it. The hub here is a function of the test."""

import sys
from pathlib import Path

import attrs
import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from PIL import Image

import superpose
from superpose import Model, RecipeError, TableSchedule, downloads, loads, locate, option
from superpose.cli import main
from superpose.media.png import read_origin
from superpose.plugins import Registry, load_plugins
from superpose.testing.predictors import TinyPredictor

NAME = "somebody/letters"


@attrs.frozen(kw_only=True)
class Hubbed(Model):
    """A model that is a folder on a hub."""

    kind = "hubbed"
    path: Path | None = option(None, doc="the folder")
    hub: str | None = option(None, doc="its name on the hub")
    schedule = TableSchedule.named("linear")

    @property
    def shape(self):
        assert locate(self.path, self.hub).is_dir()
        return 3, 8, 8

    def load(self, device="cpu", dtype="float32"):
        return TinyPredictor(self.shape)

    def prompt_problems(self, prompt):
        return ()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with one repository; what was asked of it, as (name, whether it may go online)."""
    asked = []

    def snapshot_download(name, *, local_files_only, ignore_patterns):
        asked.append((name, not local_files_only))
        assert "*.h5" in ignore_patterns, "weights of other frameworks are fetched too"
        here = tmp_path / "cache"
        if local_files_only and not here.exists():
            raise LocalEntryNotFoundError("not here")
        here.mkdir(exist_ok=True)
        return str(here)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return asked


def test_a_path_is_a_path(tmp_path, hub):
    assert locate(tmp_path, None) == tmp_path
    assert hub == []


@pytest.mark.parametrize("given", [(None, None), (Path("here"), NAME)])
def test_exactly_one_is_given(given):
    with pytest.raises(RecipeError, match=r"give path, .* or hub, a name on the hub: one of them"):
        locate(*given)


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(RecipeError, match="nowhere: no such file or folder"):
        locate(tmp_path / "nowhere", None)


def test_nothing_is_fetched_unasked(hub, tmp_path):
    with pytest.raises(RecipeError, match=f"{NAME} is not on this machine, .* pass --allow-download, or give path"):
        locate(None, NAME)
    assert hub == [(NAME, False)]
    with downloads():
        assert locate(None, NAME) == tmp_path / "cache"
        with downloads(False):
            locate(None, NAME)
    assert locate(None, NAME) == tmp_path / "cache", "what was fetched before is asked for again"
    assert hub[1:] == [(NAME, True), (NAME, True), (NAME, False)]


def test_without_the_library_the_line_that_installs_it_is_given(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(RecipeError, match=r'needs huggingface_hub: pip install "superpose\[hub\]"'):
        locate(None, NAME)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (LocalEntryNotFoundError("no route"), "can't be fetched: the hub does not answer"),
        (ValueError("Repo id must be in the form 'name'\nand more"), "can't be fetched: Repo id must be in the form"),
        (OSError("disk full"), "can't be fetched: disk full"),
    ],
)
def test_what_goes_wrong_is_one_line(monkeypatch, error, says):
    def snapshot_download(*args, **options):
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with downloads(), pytest.raises(RecipeError, match=says) as raised:
        locate(None, NAME)
    assert "\n" not in str(raised.value)


def test_a_recipe_that_names_a_hub(hub, tmp_path, monkeypatch):
    installed = load_plugins()
    kinds = [cls for role in installed.roles for cls in installed.kinds(role).values()]
    registry = Registry.of(*kinds, Hubbed)
    monkeypatch.setattr("superpose.running.record.load_plugins", lambda: registry)
    text = f'prompt = "a"\n[model]\nkind = "hubbed"\nhub = "{NAME}"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
    recipe = loads(text, name="r.toml", registry=registry)
    with pytest.raises(RecipeError, match=rf"r.toml:2:1: model: {NAME} is not on this machine"):
        superpose.run(recipe, tmp_path / "out", device="cpu")
    outcome = superpose.run(recipe, tmp_path / "out", device="cpu", allow_download=True)
    assert outcome.images[0].exists()
    hub.clear()
    superpose.run(recipe, tmp_path / "again", device="cpu")
    assert hub
    assert not any(online for _, online in hub), "a run goes online although nobody lets it"


@pytest.mark.parametrize("command", ["check", "run"])
def test_commands_fetch_if_they_are_let(command, hub, tmp_path, monkeypatch, capsys):
    registry = Registry.of(*load_plugins().kinds("scheduler").values(), Hubbed)
    for place in ("superpose.recipe.loading", "superpose.running.record"):
        monkeypatch.setattr(f"{place}.load_plugins", lambda: registry)
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'[model]\nkind = "hubbed"\nhub = "{NAME}"\n[scheduler]\nkind = "ddim"\nsteps = 2\n')
    asked = [command, str(recipe), "--set", "prompt=a", *(["--out", str(tmp_path / "out")] if command == "run" else [])]
    assert main(asked) == 2
    assert f"{NAME} is not on this machine, and nothing is downloaded unasked: pass --allow" in capsys.readouterr().err
    assert main([*asked, "--allow-download"]) == 0
    assert hub[-1] == (NAME, True)


def test_images_keep_where_a_model_is_and_carry_pictures(tmp_path, monkeypatch):
    """Weights are not copied into images, nor is where they were: their name is kept, and pictures travel."""
    installed = load_plugins()
    kinds = [cls for role in installed.roles for cls in installed.kinds(role).values()]
    registry = Registry.of(*kinds, Hubbed)
    monkeypatch.setattr("superpose.running.record.load_plugins", lambda: registry)
    monkeypatch.setattr("superpose.recipe.loading.load_plugins", lambda: registry)
    (tmp_path / "network").mkdir()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "red.png")
    text = 'prompt = "a"\n[model]\nkind = "hubbed"\npath = "network"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
    text += '[[constraint]]\nkind = "sdedit"\nimage = "red.png"\n'
    [image] = superpose.run(loads(text, folder=tmp_path), tmp_path / "out", device="cpu").images
    origin = read_origin(image)
    assert 'path = "network"' in origin.recipe
    assert str(tmp_path) not in origin.recipe
    assert list(origin.inputs.values()) == [(tmp_path / "red.png").read_bytes()]
    (tmp_path / "red.png").unlink()
    given = {"network": tmp_path / "network"}
    again = superpose.replay(image, tmp_path / "again", inputs=given, device="cpu")
    assert again.read_bytes() == image.read_bytes()
