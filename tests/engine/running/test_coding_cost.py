"""The passes of an autoencoder that check tells are those that a run then makes, gradients through it included."""

from pathlib import Path

import pytest

from superpose import compose, inspect, loads
from superpose.cli import main

IMAGES = Path(__file__).parents[3] / "recipes" / "images"
HEAD = 'prompt = "bold A in red"\n[model]\nkind = "glyphs-ldm"\n[scheduler]\nkind = "{}"\nsteps = 3\n'
SDS, PIXELS = HEAD.format("sds"), '[scheduler.renderer]\nkind = "pixels"\n'
VIEWS = "".join(f'[[view]]\nkind = "canvas"\nnumber = {k}\nprompt = "bold A in red"\n' for k in (0, 1))
PSLD = (
    HEAD.format("ddim") + 'eta = 1.0\n[[constraint]]\nkind = "psld"\nobserved = "observed-half.png"\nnoise = 0.05\n'
    'operator = {kind = "mask", mask = "right-half.png"}\n'
)
#: Recipes, and what the methods say: pictures that are encoded, latents that are decoded, and gradients through both.
CODED = {
    "plain": (HEAD.format("ddim"), (0, 1, 0)),
    "gradient steps on latents": (SDS, (0, 1, 0)),
    "drawn": (SDS + PIXELS, (7, 0, 3)),
    "drawn, with a history": (SDS + 'method = "adam"\n' + PIXELS, (7, 0, 3)),
    "two drawn canvases": ("canvas = {count = 2}\n" + VIEWS + SDS.split("\n", 1)[1] + PIXELS, (14, 0, 6)),
    "two canvases": ("canvas = {count = 2}\n" + VIEWS + SDS.split("\n", 1)[1], (0, 2, 0)),
    "down the slope through both": (PSLD, (3, 4, 6)),
    "of a picture that all samples share": (
        HEAD.format("ddim") + '[[constraint]]\nkind = "sdedit"\nimage = "letter.png"\nstrength = 0.7\n',
        (0, 1, 0),
    ),
}


class Counting:
    """Real passes of an autoencoder: pictures encoded, latents decoded, and those that gradients came back through."""

    def __init__(self, autoencoder):
        self.autoencoder, self.encoded, self.decoded, self.back = autoencoder, 0, 0, 0

    def noted(self, coded):
        if coded.requires_grad:
            coded.register_hook(self.came_back)
        return coded

    def came_back(self, slope):
        self.back += len(slope)

    def encode(self, images):
        self.encoded += len(images)
        return self.noted(self.autoencoder.encode(images))

    def decode(self, states):
        self.decoded += len(states)
        return self.noted(self.autoencoder.decode(states))


def made(recipe, monkeypatch):
    [stage] = compose(recipe).stages
    network = getattr(stage.predictor, "network", None)
    owner = stage.predictor if hasattr(stage.predictor, "autoencoder") else network
    counting = Counting(owner.autoencoder)
    monkeypatch.setattr(owner, "autoencoder", counting)
    stage.trajectory((0,)).run()
    return counting.encoded, counting.decoded, counting.back


@pytest.mark.parametrize("name", CODED)
def test_it_is_what_the_run_makes(name, monkeypatch):
    text, want = CODED[name]
    recipe = loads(text, folder=IMAGES)
    told = inspect(recipe)
    assert (told.encoded, told.decoded, told.back) == want
    assert made(recipe, monkeypatch) == want


def test_models_of_pixels_have_none():
    told = inspect(loads('prompt = "A"\n[model]\nkind = "glyphs"\n' + SDS.split("\n", 3)[3] + PIXELS))
    assert (told.encoded, told.decoded, told.back) == (0, 0, 0)


def test_a_long_plan_is_counted_in_proportion():
    told = inspect(loads(SDS.replace("steps = 3", "steps = 2000") + PIXELS))
    assert (told.encoded, told.decoded, told.back) == (4001, 0, 2000)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CODED["plain"][0], "3 rows a sample, 3 for 1 sample; and 1 pass of the decoder"),
        (CODED["drawn"][0], "3 for 1 sample; and 7 passes of the encoder, 3 of them there and back"),
        (PSLD, "; and 3 passes of the encoder and 4 passes of the decoder, 6 of them there and back"),
    ],
)
def test_check_says_it(tmp_path, capsys, text, says):
    for name in ("observed-half.png", "right-half.png"):
        (tmp_path / name).write_bytes((IMAGES / name).read_bytes())
    (tmp_path / "r.toml").write_text(text)
    assert main(["check", str(tmp_path / "r.toml")]) == 0
    assert capsys.readouterr().out.rstrip().endswith(says)
