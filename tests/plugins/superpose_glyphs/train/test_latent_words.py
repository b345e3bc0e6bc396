"""The latent model in training: its loss, its scale, and the names of its text encoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import nn

from known_answers import COSINE, Oracle, T, near, normal, published, snr
from made_glyphs import some_images
from superpose import RecipeError
from superpose_glyphs.train.first_stage import FirstStage, write_first_stage
from superpose_glyphs.train.latent_words import Latent, LatentWords, Phrased
from superpose_glyphs.train.plan import Plan


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_latent_words(wrong: float) -> None:
    latents, noise, words = normal(4, 8, 8), normal(4, 8, 8, seed=1), torch.arange(10).view(5, 2)
    ddpm = published(COSINE)
    oracle = Oracle(ddpm.get_velocity(latents, noise, T) + wrong, latents=lambda images: images[:, :, :8, :8])
    clean = nn.functional.pad(latents, (0, 4))
    loss = LatentWords().loss(oracle, Phrased(clean, words, T, noise), Plan(gamma=5.0))
    near(oracle.asked[0], ddpm.add_noise(latents, noise, T))
    near(loss, wrong**2 * (6 / (snr(COSINE) + 1)).clamp(max=1).mean().float())


def first_stage(folder: Path, scale: float = 1.0) -> Path:
    torch.manual_seed(0)
    write_first_stage(FirstStage().network(), scale, folder)
    return folder


def test_latents_have_a_deviation_of_one(tmp_path: Path) -> None:
    task = LatentWords(after=first_stage(tmp_path))
    network = cast(Latent, task.network())
    images = some_images()
    with torch.no_grad():
        network.scale.fill_(7.0)
        before = network.latents(torch.zeros(1, 3, 32, 32))
        network.scale.fill_(1.0)
    torch.testing.assert_close(7 * before, network.latents(torch.zeros(1, 3, 32, 32)))
    task.prepare(network, images)
    clean = torch.cat([task.batch(images, Plan(), step).clean for step in range(6)])
    assert float(network.latents(clean).std()) == pytest.approx(1, abs=0.05)
    assert not any(parameter.requires_grad for parameter in network.autoencoder.parameters())


def test_another_folder_is_no_first_stage(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="is no first stage of glyphs-ldm: give the weights of glyphs-first-stage"):
        LatentWords(after=first_stage(tmp_path, 0.5)).network()
    with pytest.raises(RecipeError, match=r"config\.json"):
        LatentWords(after=tmp_path / "none").network()


def test_transformers_reads_the_text_encoder(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    task = LatentWords()
    network = cast(Latent, task.network()).eval()
    task.export(network, tmp_path)
    said = json.loads((tmp_path / "words.json").read_text())
    assert json.loads((tmp_path / "text_encoder" / "config.json").read_text())["vocab_size"] == len(said)
    theirs = transformers.CLIPTextModel.from_pretrained(tmp_path / "text_encoder", dtype=torch.float32)
    words = task.batch(some_images(), Plan(batch=4), 0).words
    with torch.no_grad():
        torch.testing.assert_close(network.text(words), theirs(words).last_hidden_state, atol=1e-2, rtol=1e-2)


def test_unprompted_images_have_no_words() -> None:
    task = LatentWords()
    said, none = (task.batch(some_images(), Plan(batch=8, unprompted=share), 0).words for share in (0.0, 1.0))
    assert (said != 0).any(1).all()
    assert torch.equal(none, none[:1].expand_as(none))
