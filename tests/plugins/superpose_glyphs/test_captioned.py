"""Captions are told by the sum of four rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from superpose import PromptError, RecipeError
from superpose_glyphs.captioned import TABLES, Captions, encoder, lazy_captions
from superpose_glyphs.captions import COLOUR_ROWS, DRAWN, read_caption
from superpose_glyphs.train.files import save_halves

WORDS = ("cat", "ice cream")


def test_a_caption_is_the_sum_of_its_rows() -> None:
    tables = Captions(len(WORDS), 6)
    assert [len(table.weight) for table in (tables.word, tables.drawing, tables.ink, tables.paper)] == [
        3,
        len(DRAWN) + 1,
        len(COLOUR_ROWS) + 1,
        len(COLOUR_ROWS) + 1,
    ]
    rows = torch.tensor([[2, 1, 3, 4], [0, 0, 0, 0]])
    want = tables.word.weight[2] + tables.drawing.weight[1] + tables.ink.weight[3] + tables.paper.weight[4]
    got = tables(rows)
    torch.testing.assert_close(got[0], want)
    torch.testing.assert_close(got[1], sum(table.weight[0] for table in tables.children()))


def test_prompts_are_encoded_as_their_captions() -> None:
    tables = Captions(len(WORDS), 6).requires_grad_(requires_grad=False)
    encoded = encoder(tables, WORDS, "cpu")
    for prompt in ("ice cream", "outline cat in red on blue", ""):
        rows = torch.tensor([read_caption(prompt, WORDS).rows(WORDS)])
        assert torch.equal(encoded(prompt)["labels"], tables(rows)), prompt
    with pytest.raises(PromptError, match="'dog'"):
        encoded("dog")


def test_tables_are_read_from_a_folder_of_these_words(tmp_path: Path) -> None:
    tables = Captions(len(WORDS), 6)
    save_halves(tables.state_dict(), tmp_path / TABLES)
    read = lazy_captions(tmp_path, WORDS, 6).load("cpu", torch.float32)
    torch.testing.assert_close(read.word.weight, tables.word.weight, atol=2e-3, rtol=1e-3)
    with pytest.raises(RecipeError, match=r"captions\.safetensors"):
        lazy_captions(tmp_path, (*WORDS, "dog"), 6).load("cpu", torch.float32)
