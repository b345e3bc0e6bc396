"""Kinds of latent models: what they are held to, read and hashed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from superpose import PromptError, refuse
from superpose.testing import check_import_time, check_predictor
from superpose_ldm.model import CompVis, StableDiffusion

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDER = FIXTURES / "df_d_stable_diffusion" / "pipeline"


def test_naming_the_kinds_brings_no_torch() -> None:
    check_import_time("superpose_ldm")


@pytest.mark.parametrize("name", ["df_d_stable_diffusion", "ldm_b_class_kl"])
def test_predictors_keep_their_laws(name) -> None:
    if name.startswith("df"):
        check_predictor(StableDiffusion(path=FOLDER).load(), ["a cat", "", "12 dogs"])
    else:
        about = FIXTURES / name
        check_predictor(CompVis(path=about / "model.ckpt", config=about / "config.yaml").load(), ["3", "", "9"])


@pytest.mark.parametrize("weight", ["1.3", "0", "-.5"])
def test_weights_of_words_beside_the_text_encoder_of_transformers(weight: str) -> None:
    """ComfyUI's formula, token by token, of what transformers' own encoder says."""
    transformers = pytest.importorskip("transformers")
    encoder = transformers.CLIPTextModel.from_pretrained(FOLDER / "text_encoder", dtype=torch.float32)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(FOLDER / "tokenizer")

    def said(text: str) -> torch.Tensor:
        tokens = tokenizer(text, padding="max_length", truncation=True, max_length=16, return_tensors="pt")
        with torch.no_grad():
            states: torch.Tensor = encoder(tokens.input_ids).last_hidden_state
        return states

    before, after = (len(tokenizer(text).input_ids) - 1 for text in ("a", "a red cat"))
    want, nothing = said("a red cat, on a mat"), said("")
    want[:, before:after] = nothing[:, before:after] + float(weight) * (want - nothing)[:, before:after]
    got = StableDiffusion(path=FOLDER).load().condition(f"a (red cat:{weight}), on a mat").tensors["context"]
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


def test_a_weight_inside_of_a_word_is_refused() -> None:
    with pytest.raises(PromptError, match="a weight ends inside of"):
        refuse(StableDiffusion(path=FOLDER).prompt_problems("a c(a:2)t"), PromptError)


def test_half_precision_is_near() -> None:
    exact, half = (StableDiffusion(path=FOLDER).load("cpu", dtype) for dtype in ("float32", "bfloat16"))
    torch.manual_seed(0)
    x, level = torch.randn(2, 4, 8, 8), exact.schedule.level(0, 400)
    answers = []
    with torch.no_grad():
        for predictor in (exact, half):
            condition = predictor.condition("a cat")
            answers.append(predictor.predict(x, level, predictor.gather([condition] * 2)).output.float())
            answers.append(predictor.decode(predictor.encode(torch.full((1, 3, 16, 16), 0.5))))
    for a, b in (answers[::2], answers[1::2]):
        assert (a - b).abs().max() <= 0.05 * a.abs().max()


def test_hashes_are_those_of_the_files() -> None:
    for name, digest in StableDiffusion(path=FOLDER).weights().items():
        folder, file = {"unet": ("unet", "diffusion_pytorch_model"), "first stage": ("vae", "diffusion_pytorch_model"),
                        "text encoder": ("text_encoder", "model")}[name]  # fmt: skip
        assert digest == hashlib.sha256((FOLDER / folder / f"{file}.safetensors").read_bytes()).hexdigest()
