"""The model that edits: it does as it is told, keeps the drawing, and has the three answers of its guidance."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import torch
from torch import Tensor

from superpose import PromptError, loads, make, prompted, read_image
from superpose.running.composition import compose
from superpose_glyphs.edit import GlyphsEdit
from superpose_glyphs.phrases import COLOURS

LETTER = Path(__file__).parents[3] / "recipes" / "images" / "sans-R.png"
TEXT = """
prompt = "{told}"
model = {{kind = "glyphs-edit", image = '{image}'}}
scheduler = {{kind = "ddim", steps = 10}}
guidance = {{kind = "dual", text = 4.0, image = 1.5}}
run = {{samples = 3, threads = 1, seed = 1}}
"""


def edited(told: str) -> Tensor:
    """Three edits of the letter, in [0, 1]."""
    return (compose(loads(TEXT.format(told=told, image=LETTER))).trajectory(range(3)).run() + 1) / 2


def letter() -> Tensor:
    return (read_image(LETTER, (3, 32, 32)) + 1) / 2


@pytest.mark.parametrize("colour", ["red", "blue", "green"])
def test_the_letter_takes_the_colour_and_the_paper_stays(colour: str) -> None:
    ink = letter().mean(0) < 0.2
    for image in edited(f"make it {colour}"):
        shown = image[:, ink].median(1).values
        near = min(COLOURS, key=lambda name: float((shown - torch.tensor(COLOURS[name])).square().sum()))
        assert near == colour
        assert image[:, letter().mean(0) > 0.98].median() > 0.9


def test_bold_has_more_ink_and_light_less() -> None:
    dark = {told: float((1 - edited(told)).mean()) for told in ("make it bold", "make it light")}
    assert dark["make it light"] < float((1 - letter()).mean()) < dark["make it bold"]


def test_its_guidance_is_of_three_answers() -> None:
    predictor = GlyphsEdit(image=LETTER).load()
    level = predictor.schedule.level(0, 500)
    image = read_image(LETTER, (3, 32, 32))
    x = torch.cat((torch.randn(2, 3, 32, 32), image.expand(2, -1, -1, -1)), 1)
    blind = torch.cat((x[:, :3], torch.zeros(2, 3, 32, 32)), 1)
    c, i = (prompted(predictor, told)(x, level).clean for told in ("make it red", ""))
    u = prompted(predictor, "")(blind, level).clean
    assert min(float((a - b).abs().max()) for a, b in ((c, i), (i, u), (c, u))) > 0.05
    conditions = predictor.condition("make it red"), predictor.condition("")
    got = make("guidance", "dual", text=3.0, image=1.5).denoiser(predictor, *conditions)(x, level).clean
    torch.testing.assert_close(got, u + 3.0 * (c - i) + 1.5 * (i - u), atol=1e-4, rtol=1e-4)


def test_an_unknown_instruction_is_told_the_nearest() -> None:
    with pytest.raises(PromptError, match=r"unknown prompt 'make it mauve'; nearest: 'make it"):
        GlyphsEdit().load().condition("make it mauve")


def test_an_image_of_another_size_is_refused_unless_it_is_fitted() -> None:
    model = GlyphsEdit(image=LETTER.parent / "house.png")
    (problem,) = model.problems()
    assert problem.option == ("image",)
    assert "scale or crop it" in str(problem)
    assert not list(attrs.evolve(model, fit="cover").problems())


def test_without_an_image_it_sees_none() -> None:
    model = GlyphsEdit()
    assert model.shape == (3, 32, 32)
    assert model.has_concat_conditioning
    assert not list(model.problems())
