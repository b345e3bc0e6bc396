"""``glyphs-diffae``: images come back from their codes, moving a code shows, and codes can be drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from superpose import PromptError, RecipeError, loads, read_image, refuse, run
from superpose_glyphs.diffae import GlyphsDiffae
from superpose_glyphs.judge.words import inked

IMAGES = Path(__file__).parents[3] / "recipes" / "images"
CODES = """
prompt = "PROMPT"
[model]
kind = "glyphs-diffae"
[[model.code]]
name = "R"
image = "sans-R.png"
[[model.code]]
name = "bold"
image = "sans-R.png"
attribute = "bold"
strength = 0.15
[scheduler]
kind = "ddim"
steps = 20
[[constraint]]
kind = "inversion"
image = "sans-R.png"
prompt = "R"
"""


def shown(prompt: str, folder: Path) -> torch.Tensor:
    run(loads(CODES.replace("PROMPT", prompt), folder=IMAGES), folder / prompt)
    return read_image(folder / prompt / "0000.png", (3, 32, 32))


def test_an_image_comes_back(tmp_path: Path) -> None:
    image = read_image(IMAGES / "sans-R.png", (3, 32, 32))
    assert (shown("R", tmp_path) - image).square().mean() < 0.02


def test_moved_along_bold_it_is_heavier(tmp_path: Path) -> None:
    (plain, _), (bold, _) = (inked(shown(prompt, tmp_path)[None]) for prompt in ("R", "bold"))
    assert bold.mean() > plain.mean()


@pytest.fixture(scope="module")
def predictor() -> Any:
    return GlyphsDiffae().load()


def test_a_row_does_not_depend_on_its_neighbours(predictor: Any) -> None:
    noise = torch.Generator().manual_seed(0)
    x, codes = (
        torch.randn(4, 3, 32, 32, generator=noise),
        torch.randn(4, predictor.encode_prompt.width, generator=noise),
    )
    level = predictor.schedule.level(0, 300)
    want = predictor.predict(x, level, {"code": codes}).output
    for order in ([1, 0, 2, 3], [3, 2, 1, 0], [0, 0, 0, 2]):
        assert torch.equal(predictor.predict(x[order], level, {"code": codes[order]}).output, want[order]), order


def test_what_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no code is named 'R'"):
        refuse(GlyphsDiffae().prompt_problems("R"), PromptError)
    refuse(GlyphsDiffae().prompt_problems(""), PromptError)
    with pytest.raises(RecipeError, match=r"path: .* has no diffae\.safetensors"):
        GlyphsDiffae(path=tmp_path).weights()
