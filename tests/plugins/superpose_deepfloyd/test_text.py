"""Texts: through a T5 of our own making, as diffusers' pipeline has them, and from files."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from cascade import FIXTURES, LINES
from superpose import PromptError, make, model, refuse
from superpose_deepfloyd.embed import embed, main
from superpose_deepfloyd.embeddings import Embeddings
from superpose_deepfloyd.text import TextFolder

with warnings.catch_warnings():  # what they warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers
    import transformers

PIPELINE = FIXTURES / "df_f_if_stage1" / "pipeline"


@pytest.mark.parametrize("prompt", ["", "A painting of a cat ", " ".join(LINES * 4)])
def test_texts_as_in_the_published_pipeline(encoder: Path, prompt: str) -> None:
    speak = TextFolder(encoder).load()
    pipeline: Any = diffusers.IFPipeline(
        tokenizer=speak.tokenizer, text_encoder=speak.encoder, unet=None, scheduler=None, safety_checker=None,
        feature_extractor=None, watermarker=None, requires_safety_checker=False,
    )  # fmt: skip
    want, _ = pipeline.encode_prompt(prompt, do_classifier_free_guidance=False)
    states, mask = speak(prompt)
    assert torch.equal(states, want)
    assert states.shape == (1, 77, 32)
    assert mask.shape == (1, 77)
    assert int(mask.sum()) == min(77, len(speak.tokenizer(prompt.lower().strip()).input_ids))


def test_weights_of_words_are_a_mix_with_nothing(encoder: Path) -> None:
    speak = TextFolder(encoder).load()
    plain, nothing = (speak(prompt)[0] for prompt in (LINES[0], ""))
    word, rest = LINES[0].split(" ", 1)
    got, mask = speak(f"({word.upper()}:1.7) {rest}")
    of_word = len(speak.tokenizer(word).input_ids) - 1  # without the end
    want = plain.clone()
    want[:, :of_word] = nothing[:, :of_word] + 1.7 * (plain - nothing)[:, :of_word]
    torch.testing.assert_close(got, want)
    assert torch.equal(got[:, of_word:], plain[:, of_word:])
    assert torch.equal(mask, speak(LINES[0])[1])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_weights_are_those_that_transformers_reads(encoder: Path, dtype: str) -> None:
    theirs: Any = transformers.T5EncoderModel
    want = theirs.from_pretrained(encoder / "text_encoder", dtype=getattr(torch, dtype)).state_dict()
    got = TextFolder(encoder).load(dtype=dtype).encoder.state_dict()
    assert got.keys() == want.keys()
    wrong = [name for name in want if got[name].dtype != want[name].dtype or not torch.equal(got[name], want[name])]
    assert not wrong, wrong
    assert got["shared.weight"].data_ptr() == got["encoder.embed_tokens.weight"].data_ptr(), "words are there twice"


def test_a_file_of_texts_gives_the_conditions_that_the_encoder_gives(encoder: Path, tmp_path: Path) -> None:
    file = tmp_path / "texts.safetensors"
    main(["--text-encoder", str(encoder), "--out", str(file), LINES[0]])
    saved = model("deepfloyd", path=PIPELINE, embeddings=file)
    spoken = model("deepfloyd", path=PIPELINE, text_encoder=encoder)
    for prompt in ("", LINES[0]):
        want = spoken.condition(prompt).tensors
        for name, value in saved.condition(prompt.upper()).tensors.items():
            assert torch.equal(value, want[name]), (prompt, name)


def test_a_prompt_that_is_not_in_the_file(encoder: Path, tmp_path: Path) -> None:
    file = tmp_path / "texts.safetensors"
    embed(encoder, file, LINES)
    stage = make("model", "deepfloyd", path=PIPELINE, embeddings=file)
    refuse(stage.prompt_problems(LINES[0].upper()), PromptError)
    with pytest.raises(PromptError, match=r"'a painting of a bat' is not in .*, which has 'a painting of a cat'"):
        refuse(stage.prompt_problems("a painting of a bat"), PromptError)
    states = load_file(file)
    save_file({name: value[1:] for name, value in states.items()}, file, {"prompts": json.dumps(LINES)})
    with pytest.raises(PromptError, match="the empty prompt, which guidance needs, is not in"):
        refuse(Embeddings.of(file).problems(""), PromptError)
