"""A process that is not Gaussian, of a third party, in recipes: what is for Gaussian noise is refused by its name."""

from pathlib import Path

import pytest
import torch

import superpose
from superpose import RecipeError, compose, inspect, loads, make, replay, run
from superpose.plugins import discovery, load_plugins
from superpose.testing import report

THIRD_PARTY = Path(__file__).parents[2] / "third_party" / "superpose-mosaic"
RECIPE = 'prompt = "stripes"\n[model]\nkind = "mosaic"\n[scheduler]\nkind = "unmask"\nsteps = 6\n'
VIEWS = RECIPE.replace('prompt = "stripes"\n', "")


@pytest.fixture(autouse=True)
def mosaic(tmp_path_factory, monkeypatch):
    """Install the third party's plugin for the length of a test."""
    folder = tmp_path_factory.mktemp("site")
    about = folder / "superpose_mosaic-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: superpose-mosaic\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[superpose]\nmosaic = superpose_mosaic\n")
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    monkeypatch.syspath_prepend(str(folder))
    discovery._loaded.cache_clear()
    yield
    discovery._loaded.cache_clear()


def told(text):
    with pytest.raises(RecipeError) as caught:
        inspect(loads(text, name="r.toml"))
    return str(caught.value)


def test_its_cost_is_counted():
    said = inspect(loads(RECIPE))
    assert (said.rows, said.evaluations, said.total) == (1, 6, 6)


def test_an_image_is_made_again_the_same(tmp_path):
    [path] = run(loads(RECIPE), tmp_path / "out", device="cpu").images
    assert replay(path, tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_run_that_was_stopped_goes_on_to_the_same_bits():
    trajectory = compose(loads(RECIPE)).trajectory((0, 1))
    state = trajectory.start()
    for _ in range(3):
        state = trajectory.step(state)
    assert torch.equal(trajectory.run(state=state), trajectory.run())


def view(kind, prompt="stripes", more=""):
    return f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n{more}'


def test_views_that_move_tiles_are_lawful():
    """Checks of an even side are checks of the other colour when they are turned by a quarter: so these are neither."""
    recipe = loads(VIEWS + view("identity", "checks") + view("rotate", "checks", "degrees = 180\n"))
    assert inspect(recipe).total == 12
    trajectory = compose(recipe).trajectory(range(4))
    state = trajectory.start()
    while state.step < trajectory.steps:
        state = trajectory.step(state)
    right = compose(recipe).stages[0].predictor.chances[1].argmax(0)
    assert float((state.x.argmax(1) == right).float().mean()) > 0.85, "turned by half a turn they are the same checks"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            RECIPE.replace('"unmask"', '"ddim"'),
            "r.toml:4:1: scheduler: ddim is for gaussian noise, and that of the model is absorbing: use unmask",
        ),
        (
            RECIPE.replace('"mosaic"', '"glyphs"').replace('"stripes"', '"A"'),
            "r.toml:4:1: scheduler: unmask is for absorbing noise, and that of the model is gaussian: use ddim or",
        ),
        (
            RECIPE + '[guidance]\nkind = "cfg"\n',
            "r.toml:7:1: guidance: cfg is for gaussian noise, and that of the model is absorbing: no guidance that is",
        ),
        (
            RECIPE + '[clip]\nkind = "static"\n',
            "r.toml:7:1: clip: static is for gaussian noise, and that of the model is absorbing: use none",
        ),
        (
            RECIPE + '[[constraint]]\nkind = "inversion"\nimage = "recipes/images/sans-R.png"\n',
            "r.toml:7:1: constraint.0: inversion is for gaussian noise, and that of the model is absorbing: no",
        ),
        (
            VIEWS + view("negate"),
            "r.toml:6:1: view.0: the values of absorbing states can't be mixed, and negate changes values: use a view",
        ),
        (
            VIEWS + view("identity", more='guidance = {kind = "interval", base = {kind = "cfg"}}\n'),
            "r.toml:9:1: view.0.guidance: interval is for gaussian noise",
        ),
    ],
    ids=["scheduler", "their scheduler", "guidance", "clip", "constraint", "view", "guidance inside"],
)  # fmt: skip
def test_what_is_for_gaussian_noise_is_refused_by_name(text, says):
    assert told(text).startswith(says)


def test_two_networks_of_the_process_share_a_canvas():
    second = '[models.second]\nkind = "mosaic"\nwrong = 0.2\n'
    assert inspect(loads(VIEWS + second + view("identity") + view("identity", more='model = "second"\n'))).networks == 2


def test_python_refuses_them_too():
    network = superpose.model("mosaic")
    denoiser = superpose.prompted(network, "checks")
    with pytest.raises(RecipeError, match="ddim is for gaussian noise"):
        superpose.trajectory(denoiser, make("scheduler", "ddim"), network)
    with pytest.raises(RecipeError, match="static is for gaussian noise"):
        superpose.trajectory(denoiser, make("scheduler", "unmask"), network, clip=make("clip", "static"))


def test_its_scheduler_is_held_to_laws_on_a_model_of_its_process():
    [cls] = [cls for cls in load_plugins().kinds("scheduler").values() if cls.kind == "unmask"]
    lines = list(report(cls))
    assert {line.law for line in lines} == {"descends", "repeats-itself", "keeps-samples-apart"}
    assert [str(line) for line in lines if line.status != "ok"] == []
