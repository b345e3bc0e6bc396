"""Layouts of autoencoders: seen in the file, or asked for."""

import pytest

import plain_diffae as plain
import superpose
from superpose import RecipeError
from superpose_diffae.model import DiffusionAutoencoder, betas

LATENT = {"layers": 3, "skips": (1, 2)}
RECORD = {"latent_beta_scheduler": "const0.008", "T": 1000}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "last.ckpt"
    plain.checkpoint(path, record=RECORD, **LATENT)
    return path


def test_all_is_seen_in_the_file(path):
    model = DiffusionAutoencoder(path=path)
    assert model.shape == (3, 8, 8)
    assert model.schedule == superpose.TableSchedule.named("linear")
    assert model.layout.latent.skips == (1, 2)
    assert model.layout.code == 20
    assert list(model.weights()) == ["path"]


def test_what_is_not_in_the_file_is_asked_for(tmp_path):
    path = tmp_path / "last.ckpt"
    plain.checkpoint(path, noise=False, **LATENT)
    with pytest.raises(RecipeError, match=r"does not show how large its images are: write template = .*image_size"):
        _ = DiffusionAutoencoder(path=path).shape
    with pytest.raises(
        RecipeError, match=r"betas of its latent network: write template = .*latent_betas = 'const0.008'"
    ):
        DiffusionAutoencoder(path=path, image_size=8).load()
    model = DiffusionAutoencoder(path=path, image_size=8, latent_betas="const0.008").load()
    assert model.encode_prompt.networks.latent.schedule == betas("const0.008", 1000)
    deep = tmp_path / "deep.ckpt"
    plain.checkpoint(deep, enc_blocks=2, enc_mult=(1, 2))
    with pytest.raises(RecipeError, match="write encoder_blocks = the number of residual blocks"):
        _ = DiffusionAutoencoder(path=deep).layout
    assert DiffusionAutoencoder(path=deep, encoder_blocks=2).layout.encoder.widths == (32, 64)
