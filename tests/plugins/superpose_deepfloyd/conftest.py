"""A tiny text encoder in a folder."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path

import pytest
import sentencepiece
import torch

from cascade import LINES

with warnings.catch_warnings():  # what they warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import transformers


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
