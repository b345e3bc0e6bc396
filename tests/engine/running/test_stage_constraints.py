"""Constraints, guidances and negative prompts in cascades: what holds where."""

import re

import attrs
import numpy as np
import pytest
import torch
from PIL import Image

from superpose import Guidance, Problem, Prompted, RecipeError, dumps, guided, inspect, loads, option, run
from superpose.cli import main
from superpose.plugins import Registry, load_plugins
from superpose_constraints.enlarged import enlarged

pytestmark = pytest.mark.usefixtures("small")

MODELS = """\
[model]
kind = "small-first"
[scheduler]
kind = "ddim"
steps = 3
[[stage]]
[stage.model]
kind = "small-larger"
size = 16
spread = 0.5
[stage.scheduler]
kind = "dpmpp"
steps = 4
"""
INPAINT = '[[{}constraint]]\nkind = "inpaint"\nimage = "{}.png"\nmask = "{}-mask.png"\n'
SDEDIT = '[[constraint]]\nkind = "sdedit"\nimage = "8.png"\n'


@pytest.fixture
def folder(tmp_path):
    """Pictures and masks of both stages; the right half is painted anew."""
    rng = np.random.default_rng(0)
    for side in (8, 16):
        Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(tmp_path / f"{side}.png")
        mask = np.zeros((side, side), np.uint8)
        mask[:, side // 2 :] = 255
        Image.fromarray(mask).save(tmp_path / f"{side}-mask.png")
    return tmp_path


def pixels(path):
    return np.asarray(Image.open(path)).astype(float)


def made(folder, constraints):
    recipe = loads('prompt = "a"\n' + MODELS + constraints, folder=folder)
    return pixels(run(recipe, folder / "out", device="cpu", overwrite=True).images[0])


def test_what_is_known_is_the_file_at_the_end_of_a_cascade(folder):
    got, want = made(folder, INPAINT.format("", 8, 8)), pixels(folder / "8.png")
    blocks = got.reshape(8, 2, 8, 2, 3).mean((1, 3))
    off = np.abs(blocks - want)
    assert off[:, :4].max() <= 0.5, "a block of the large picture is not the file's pixel"  # each value is rounded
    assert off[:, 4:].max() > 10, "nothing was painted anew"


def test_a_stage_may_have_files_of_its_own_size(folder):
    got = made(folder, INPAINT.format("stage.", 16, 16))
    assert np.array_equal(got[:, :8], pixels(folder / "16.png")[:, :8])
    both = made(folder, INPAINT.format("stage.", 16, 16) + INPAINT.format("", 8, 8))
    assert np.array_equal(both[:, :8], pixels(folder / "16.png")[:, :8]), "the recipe's holds beside the stage's own"


def test_an_enlarged_picture_has_the_small_ones_pixels_as_means():
    small = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(0)) * 2 - 1
    large = enlarged(small, (15, 21))
    assert float(large.abs().max()) <= 1 + 1e-6
    torch.testing.assert_close(large.view(3, 5, 3, 7, 3).mean((2, 4)), small, atol=1e-6, rtol=0)
    level = torch.full((1, 4, 4), 0.3)
    torch.testing.assert_close(enlarged(level, (8, 8)), torch.full((1, 8, 8), 0.3))


def test_check_says_what_holds_where(folder, capsys):
    text = 'prompt = "a"\n' + MODELS + INPAINT.format("", 8, 8) + SDEDIT
    (folder / "recipe.toml").write_text(text)
    assert main(["check", str(folder / "recipe.toml")]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    first, second = said.split("stage 1")[:2]
    assert re.search(r"constraint inpaint .*repeats=1 .*constraint sdedit .*strength=0\.6", first)
    assert re.search(r"constraint inpaint .*repeats=1 .*, enlarged .*constraint sdedit .*not at this stage", second)


def test_a_constraint_of_a_stage_is_told_where_it_is(folder):
    text = 'prompt = "a"\n' + MODELS + INPAINT.format("stage.", 8, 8)
    with pytest.raises(RecipeError, match=r"stage\.0\.constraint\.0: .*8x8.*16x16"):
        inspect(loads(text, folder=folder))
    again = loads(text, folder=folder)
    assert loads(dumps(again), folder=folder) == again
    with pytest.raises(RecipeError, match=r"stage\.0\.constraint\.0\.kind"):
        loads('prompt = "a"\n' + MODELS + '[[stage.constraint]]\nkind = "inpiant"\n', folder=folder)


VIEWS = """\
[[view]]
kind = "identity"
prompt = "a"
{}
[[view]]
kind = "flip"
prompt = "b"
"""


def rows(text, *overrides, **options):
    return [stage.rows for stage in inspect(loads(text, overrides=overrides, **options)).stages]


def test_a_negative_of_a_view_is_for_the_stages_with_guidance():
    text = MODELS + VIEWS.format('negative = "c"')
    with pytest.raises(RecipeError, match=r"view\.0\.negative: a negative prompt says nothing without guidance"):
        rows(text)
    assert rows(text, "guidance.kind=cfg") == [4, 2]
    assert rows(text, "stage.0.guidance.kind=cfg") == [2, 4]
    assert rows(text, "view.0.guidance.kind=cfg") == [3, 3]


@attrs.frozen(kw_only=True)
class Small(Guidance):
    """Guides pictures of eight pixels, as a classifier guides those of its own size."""

    kind = "small-only"
    size: int = option(8, doc="height of the pictures")

    def problems(self, model):
        if model.shape[1] != self.size:
            yield Problem("size", f"it guides pictures of {self.size} pixels")

    def denoiser(self, predictor, condition, negative):
        return guided(Prompted(predictor, condition), Prompted(predictor, negative), 2.0)


def test_a_guidance_of_a_view_may_be_of_one_stage():
    every = [cls for role in load_plugins().roles for cls in load_plugins().kinds(role).values() if role != "clip"]
    registry = Registry.of(*every, Small)
    here = 'guidance_stages = {}\nnegative = "c"\n[view.guidance]\nkind = "small-only"\n'
    text = MODELS + VIEWS.format(here.format([0]))
    assert rows(text, registry=registry) == [3, 2]
    recipe = loads(text, registry=registry)
    assert loads(dumps(recipe), registry=registry) == recipe
    with pytest.raises(RecipeError, match=r"view\.0\.guidance\.size: at stage 1, it guides .* write guidance_stages"):
        rows(MODELS + VIEWS.format(here.format([])), registry=registry)
    with pytest.raises(RecipeError, match=r"guidance_stages = \[2\]: the stages .* have the numbers 0 to 1"):
        rows(MODELS + VIEWS.format(here.format([2])), registry=registry)
    with pytest.raises(RecipeError, match="says where a guidance holds, and there is none"):
        rows(MODELS + VIEWS.format("guidance_stages = [0]"), registry=registry)
