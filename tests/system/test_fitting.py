"""Nothing is resized in silence: whatever takes a picture of the model's size takes another if it is said how."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError, load, run
from superpose.kinds.options import Scalar, nested_options
from superpose.plugins import load_plugins
from superpose.running.inspection import inspect

#: Kinds whose picture has one size alone, or any, and why.
OTHERS = {
    ("operator", "mask"): "what was observed has its size, and that is measured",
    ("model", "diffusers"): "an image that is a prompt is made CLIP's by the pipeline's own feature extractor",
    ("loss", "distance"): "what was observed has its size, and that is measured",
}
HEAD = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddpm"\nsteps = 4\n'
RULES = {
    "sdedit": "",
    "inpaint": 'mask = "m.png"\n',
    "freeze": 'decomposition = {kind = "hybrid"}\n',
    "ilvr": "",
    "inversion": "",
}


def test_each_kind_that_takes_an_image_takes_one_of_another_size():
    """Unless a reason is given above."""
    registry, lacking = load_plugins(), []
    for role in ("model", "constraint", "loss", "operator", "guidance", "decomposition", "view"):
        for kind, cls in registry.kinds(role).items():
            options = {option.name: option.form for option in nested_options(cls)}
            files = {name for name, form in options.items() if form == Scalar(Path)}
            if files & {"image", "mask"} and not {"fit", "resizer"} <= set(options):
                lacking.append((role, kind))
    assert set(lacking) == set(OTHERS), "give it superpose.fit_option() and resizer_option(), or say why not"


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8)).save(tmp_path / "a.png")
    mask = np.zeros((40, 60), np.uint8)
    mask[:, 30:] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    return tmp_path


def recipe(folder, text):
    (folder / "r.toml").write_text(text)
    return load(folder / "r.toml")


def of(kind, fit=""):
    text = f'prompt = "A"\n{HEAD}[[constraint]]\nkind = "{kind}"\nimage = "a.png"\n{RULES[kind]}{fit}'
    return text.replace("ddpm", "ddim") if kind == "inversion" else text


@pytest.mark.parametrize("kind", RULES)
def test_constraints(kind, files):
    with pytest.raises(RecipeError, match=r"a\.png: is 40x60 .* 32x32: scale or crop it to that size, or write fit = "):
        inspect(recipe(files, of(kind)))
    for fit in ("cover", "contain", "stretch"):
        inspect(recipe(files, of(kind, f'fit = "{fit}"\n')))


def test_an_image_in_the_place_of_a_prompt(files):
    with pytest.raises(RecipeError, match="scale or crop it"):
        inspect(recipe(files, f'image = "a.png"\n{HEAD}'))
    fitted = recipe(files, f'image = "a.png"\nfit = "cover"\nresizer = "box"\n{HEAD}')
    [made] = run(fitted, files / "out").images
    cut = Image.open(files / "a.png").resize((32, 32), Image.Resampling.BOX, box=(10, 0, 50, 40))
    assert np.array_equal(np.asarray(Image.open(made)), np.asarray(cut))


def test_what_is_inpainted_is_kept_as_it_was_fitted_and_the_border_is_painted(files):
    [made] = run(recipe(files, of("inpaint", 'fit = "contain"\nresizer = "box"\n')), files / "out").images
    pixels = np.asarray(Image.open(made))
    kept = np.asarray(Image.open(files / "a.png").resize((32, 21), Image.Resampling.BOX))[:, :15]
    assert np.array_equal(pixels[5:26, :15], kept)
    assert not (pixels[:5] == 255).all(), "the border is white: nothing was painted there"
