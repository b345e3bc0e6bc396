"""Prompts of diffusion autoencoders, and the codes that they are."""

import pytest

import plain_diffae as plain
from superpose import PromptError, RecipeError, refuse
from superpose_diffae.codes import Code
from superpose_diffae.model import DiffusionAutoencoder

LATENT = {"layers": 3, "skips": (1, 2)}
RECORD = {"latent_beta_scheduler": "const0.008", "T": 1000}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "last.ckpt"
    plain.checkpoint(path, record=RECORD, **LATENT)
    return path


def test_prompts(path, tmp_path):
    plain_path = tmp_path / "plain.ckpt"
    plain.checkpoint(plain_path)
    codes = (Code(name="me", image=tmp_path / "me.png"), Code(name="mixed", between=("me", "")))
    model = DiffusionAutoencoder(path=plain_path, code=codes)
    refuse(model.prompt_problems("me"), PromptError)
    for prompt in ("", "mixed"):
        with pytest.raises(PromptError, match="is drawn by a latent network, and the file has none: take"):
            refuse(model.prompt_problems(prompt), PromptError)
    with pytest.raises(PromptError, match=r"no code is named 'mee' \(nearest: 'me'"):
        refuse(model.prompt_problems("mee"), PromptError)
    with pytest.raises(PromptError, match=r"no code is named 'x' \(no code has one\)"):
        refuse(DiffusionAutoencoder(path=path).prompt_problems("x"), PromptError)
    for prompt in ("", "mixed"):
        refuse(DiffusionAutoencoder(path=path, code=codes).prompt_problems(prompt), PromptError)


def test_codes_that_contradict_are_refused(path, tmp_path):
    image = tmp_path / "me.png"
    with pytest.raises(RecipeError, match="has an image and is between two codes"):
        Code(name="a", image=image, between=("b", "c"))
    with pytest.raises(RecipeError, match="a code needs a name"):
        Code(name="")
    for codes, message in (
        ((Code(name="a"), Code(name="a")), "two codes are named 'a'"),
        ((Code(name="a", between=("b", "")),), r"'a' is between codes written above it \(none\), not 'b'"),
        ((Code(name="a", attribute="Smiling"),), "write classifier = the file that knows it"),
    ):
        with pytest.raises(RecipeError, match=message):
            DiffusionAutoencoder(path=path, code=codes)
