"""The command that writes embeddings: texts are added, and what is wrong is said."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import sentencepiece
import torch
from safetensors.torch import load_file

from superpose import RecipeError
from superpose_deepfloyd.embed import embed

with warnings.catch_warnings():  # what they warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import transformers

LINES = ["a painting of a cat", "an oil painting of a dog in the snow", "a lithograph of waterfalls"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``text_encoder`` and ``tokenizer`` as IF is published: a tokenizer has nothing but its model."""
    folder = tmp_path_factory.mktemp("if")
    learned = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 20), model_writer=learned, vocab_size=27,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "spiece.model").write_bytes(learned.getvalue())
    about = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "eos_token": "</s>", "pad_token": "<pad>"}
    (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(about))
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=32, d_model=32, d_kv=8, d_ff=40, num_layers=1, num_heads=4, feed_forward_proj="gated-gelu"
    )
    transformers.T5EncoderModel(config).save_pretrained(folder / "text_encoder")
    return folder


def test_texts_are_added_to_a_file_and_those_there_kept(encoder: Path, tmp_path: Path) -> None:
    file = tmp_path / "texts.safetensors"
    assert embed(encoder, file, [LINES[0]]) == ["", LINES[0]]
    before = load_file(file)
    assert embed(encoder, file, [LINES[1], LINES[0]]) == ["", LINES[0], LINES[1]]
    after = load_file(file)
    assert all(torch.equal(after[name][:2], before[name]) for name in before)
    assert [path.name for path in tmp_path.iterdir()] == [file.name], "a draft was left behind"
    with pytest.raises(RecipeError, match="holds texts of another encoder or dtype"):
        embed(encoder, file, [LINES[2]], dtype="bfloat16")


def test_the_command_runs_by_its_name_and_says_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "superpose_deepfloyd.embed", "--text-encoder", str(tmp_path), "--out", "x", "a"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path} has no text encoder")
    assert done.stderr.count("\n") == 1
