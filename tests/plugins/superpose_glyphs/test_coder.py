"""The networks of the diffusion autoencoder of glyphs, and folders in which some of them are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from superpose import RecipeError, TableSchedule
from superpose_glyphs.coder import COARSE, FINE, LAYOUT, Coded, Coder, load_coder
from superpose_glyphs.model import EMBEDDED
from superpose_glyphs.train.files import save_halves


def written(folder: Path) -> Coder:
    torch.manual_seed(0)
    coder = Coder().eval()
    save_halves(coder.state_dict(), folder / "diffae.safetensors")
    return coder


def test_decoder_and_encoder_see_squares_of_pixels() -> None:
    torch.manual_seed(0)
    coder, x = Coder().eval(), torch.randn(2, 3, 32, 32)
    t, code = torch.tensor([5, 900]), torch.randn(2, LAYOUT.code)
    with torch.no_grad():
        small = coder.decoder(nn.functional.pixel_unshuffle(x, FINE), t, code)
        assert torch.equal(coder(x, t, code), nn.functional.pixel_shuffle(small, FINE))
        assert torch.equal(coder.code(x), coder.encoder(nn.functional.pixel_unshuffle(x, COARSE)))
        assert coder.code(x).shape == (2, LAYOUT.code)


def test_both_are_read_from_one_file(tmp_path: Path) -> None:
    coder = written(tmp_path)
    read = load_coder(tmp_path, "cpu", torch.float32)
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        want = coder.code(x)
        assert (read.code(x) - want).abs().max() < 0.02 * want.abs().max()
    assert not read.training


def test_what_draws_codes_and_knows_attributes_may_be_missing(tmp_path: Path) -> None:
    written(tmp_path)
    networks = Coded(tmp_path).load(TableSchedule.named("linear"), "cpu", "float32")
    assert (networks.statistics, networks.latent, networks.classifier) == (None, None, None)
    whole = Coded(EMBEDDED / "glyphs-diffae").load(TableSchedule.named("linear"), "cpu", "float32")
    assert whole.statistics is not None
    assert [one.shape for one in whole.statistics] == [(1, LAYOUT.code)] * 2
    assert whole.latent is not None
    assert whole.latent.shape == (LAYOUT.code, 1, 1)
    assert whole.classifier is not None
    assert {"bold", "italic"} <= set(whole.classifier.names)


def test_a_file_of_codes_without_their_mean_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    save_halves({"deviation": torch.ones(LAYOUT.code)}, tmp_path / "codes.safetensors")
    with pytest.raises(RecipeError, match=r"codes\.safetensors has no mean"):
        Coded(tmp_path).load(TableSchedule.named("linear"), "cpu", "float32")
