"""Recipes of the model kind, through the command line, on the fixtures' files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import superpose
from superpose.cli import main

FIXTURES = Path(__file__).parents[2] / "fixtures"
B = FIXTURES / "da_b_latent"
QUICK = ["--set", "scheduler.steps=4"]

MODEL = f"""
[model]
kind = "diffae"
path = '{B / "last.ckpt"}'
classifier = '{B / "cls.ckpt"}'

[[model.code]]
name = "me"
image = "me.png"

[[model.code]]
name = "you"
image = "you.png"

[[model.code]]
name = "half"
between = ["me", "you"]

[[model.code]]
name = "me, more so"
image = "me.png"
attribute = 2
strength = 0.3

[[model.code]]
name = "any, more so"
attribute = 2
strength = 0.3

[[model.code]]
name = "me and any"
between = ["me", ""]
mix = 0.25

[scheduler]
kind = "ddim"
steps = 20
grid = "ddim-openai"

[run]
samples = 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    mine = load_file(B / "inputs.safetensors")["image"]
    yours = load_file(FIXTURES / "da_a_autoenc" / "inputs.safetensors")["image"][:1]
    for name, image in (("me", mine), ("you", yours)):
        Image.fromarray(superpose.to_pixels(image)[0]).save(folder / f"{name}.png")
    return folder


def run(folder, name, text, *options):
    """The pictures that a recipe leaves, in [-1, 1]."""
    path = folder / f"{name}.toml"
    path.write_text(text + MODEL)
    out = folder / "out" / name
    assert main(["check", str(path)]) == 0
    assert main(["run", str(path), "--out", str(out), *options]) == 0
    pictures = [np.asarray(Image.open(file)) for file in sorted(out.glob("0*.png"))]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 127.5 - 1


def read(folder, name):
    return superpose.read_image(folder / name, (3, 16, 16))


def predictor(folder):
    path = folder / "any.toml"
    path.write_text('prompt = ""\n' + MODEL)
    return superpose.load(path).model.load()


def test_sampling_draws_a_code_for_each_sample(folder):
    pictures = run(folder, "sample", 'prompt = ""')
    assert (pictures[0] - pictures[1]).abs().mean() > 0.1
    options = ["--samples", "3", "--set", "run.at_once=2", "--set", "scheduler.steps=20"]
    again = run(folder, "again", 'prompt = ""', *options)
    assert torch.equal(again[:2], pictures), "samples depend on their neighbours"
    with Image.open(folder / "out" / "sample" / "0000.png") as image:
        written = " ".join(map(str, image.text.values()))
    hashes = superpose.load(folder / "sample.toml").model.weights()
    assert hashes.keys() == {"path", "classifier"}
    assert all(digest in written for digest in hashes.values())


def test_a_picture_is_replayed_to_the_byte(folder, tmp_path):
    run(folder, "replayed", 'prompt = ""', *QUICK)
    picture = folder / "out" / "replayed" / "0000.png"
    given = [word for name in ("last.ckpt", "cls.ckpt") for word in ("--input", f"{name}={B / name}")]
    assert main(["replay", str(picture), "--out", str(tmp_path), *given]) == 0
    assert (tmp_path / "0000.png").read_bytes() == picture.read_bytes()


def test_reconstruction(folder):
    """A network of random weights bends its paths more than any trained one, so the steps are many."""
    start = '\n[[constraint]]\nkind = "inversion"\nimage = "me.png"\nto_noise = false\n'
    options = ["--set", "scheduler.steps=50", "--samples", "1"]
    picture = run(folder, "reconstruct", 'prompt = "me"' + start, *options)[0]
    off = float((picture - read(folder, "me.png")).abs().mean())
    assert off < 0.25, f"{off:.3f} off, of an image whose values are 0.5 at the mean"


def test_interpolation_goes_from_one_image_to_the_other(folder):
    pictures = {}
    for mix, prompt in ((0, "me"), (0.5, "half"), (1, "you")):
        start = '[[constraint]]\nkind = "inversion"\nimage = "me.png"\nprompt = "me"\n'
        start += f'other = "you.png"\nother_prompt = "you"\nmix = {mix}\n'
        pictures[prompt] = run(folder, f"mix{mix}", f'prompt = "{prompt}"\n{start}', *QUICK)
    for prompt in ("me", "you"):
        start = f'prompt = "{prompt}"\n[[constraint]]\nkind = "inversion"\nimage = "{prompt}.png"\n'
        assert torch.equal(run(folder, f"only-{prompt}", start, *QUICK), pictures[prompt])
        assert (pictures["half"] - pictures[prompt]).abs().mean() > 0.05


def test_moving_along_an_attribute_gives_the_original_picture(folder):
    """The recorded picture, whose image is off by the rounding of a PNG here, which the network makes larger."""
    start = '\n[[constraint]]\nkind = "inversion"\nimage = "me.png"\nprompt = "me"\n'
    picture = run(folder, "attribute", 'prompt = "me, more so"' + start, "--samples", "1")[0]
    wanted = load_file(B / "outputs.safetensors")["manipulated_image"][0] * 2 - 1
    off, moved = ((picture - one).abs().mean() for one in (wanted, read(folder, "me.png")))
    assert off < 0.1 * moved, f"{off:.3f} off, having moved {moved:.3f}"


def test_codes_are_lines(folder):
    model = predictor(folder)
    conditions = {name: model.condition(name).tensors for name in ("", *model.encode_prompt.named)}
    code = {name: tensors["code"] for name, tensors in conditions.items()}
    share = {name: float(tensors["share"]) for name, tensors in conditions.items()}
    assert share == {"": 1, "me": 0, "you": 0, "half": 0, "me, more so": 0, "any, more so": 1, "me and any": 0.25}
    assert not code[""].any()
    torch.testing.assert_close(code["half"], (code["me"] + code["you"]) / 2)
    torch.testing.assert_close(code["me and any"], 0.75 * code["me"])
    step = 0.3 * model.encode_prompt.networks.classifier.direction(2)
    torch.testing.assert_close(code["me, more so"] - code["me"], step)
    torch.testing.assert_close(code["any, more so"], step)


def test_shares_of_the_own_code_are_asked_row_by_row(folder):
    """What a row with a share is answered is what its whole code is answered."""
    model = predictor(folder)
    own, x, level = torch.randn(2, 20), torch.randn(2, 3, 16, 16), model.schedule.level(0, 500)
    shared, named = model.condition("me and any"), model.condition("you")
    with torch.no_grad():
        given = {**model.gather([shared, named]), "own": own}
        got = model.predict(x, level, given).output
        whole = [0.75 * model.condition("me").tensors["code"] + 0.25 * own[:1], named.tensors["code"]]
        for row in range(2):
            alone = model.predict(x[row : row + 1], level, {"code": whole[row]}).output
            torch.testing.assert_close(got[row : row + 1], alone, atol=1e-5, rtol=1e-5)


def test_two_codes_share_one_picture(folder):
    """It composes: two views, each with a code of its own; and the parts of a decomposition."""
    views = '[[view]]\nkind = "identity"\nprompt = "me"\n[[view]]\nkind = "flip"\nprompt = ""\n'
    both = run(folder, "views", views, *QUICK)
    assert (both[0] - both[1]).abs().mean() > 0.05
    alone = run(folder, "views-alone", views, *QUICK, "--samples", "1")
    assert torch.equal(alone[0], both[0])
    same = '[[view]]\nkind = "identity"\nprompt = "me"\n[[view]]\nkind = "identity"\nprompt = "me"\n'
    assert torch.equal(run(folder, "same", same, *QUICK), run(folder, "plain", 'prompt = "me"', *QUICK))
    parts = '[decomposition]\nkind = "hybrid"\nlow = "me"\nhigh = "any, more so"\n'
    assert run(folder, "parts", parts, *QUICK).shape == (2, 3, 16, 16)


def test_a_wrong_file_is_found_by_check_where_the_recipe_names_it(folder, capsys):
    (folder / "notes.ckpt").write_text("no checkpoint")
    recipe = folder / "wrong.toml"
    recipe.write_text('prompt = ""\n[model]\nkind = "diffae"\npath = "notes.ckpt"\n[scheduler]\nkind = "ddim"\n')
    assert main(["check", str(recipe)]) != 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert "wrong.toml:2:1: model: " in said
    assert "notes.ckpt is not a readable file of plain tensors" in said


def test_inverting_under_a_drawn_code_is_each_samples_own(folder):
    """A code that is drawn is the sample's: so is the noise that the image hides under it, in any company."""
    recipe = folder / "drawn.toml"
    recipe.write_text('prompt = ""\n[[constraint]]\nkind = "inversion"\nimage = "me.png"\n' + MODEL)
    composition = superpose.compose(superpose.load(recipe))
    both, second = composition.trajectory([0, 1]).start().x, composition.trajectory([1]).start().x
    assert not torch.equal(both[0], both[1])
    torch.testing.assert_close(both[1], second[0], atol=1e-4, rtol=1e-4)
