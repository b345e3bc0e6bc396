"""Files are recognised, refused in words, and read where and how they are wanted."""

import pytest
import torch
from safetensors.torch import save_file

import plain_diffae as plain
from superpose import RecipeError
from superpose_diffae.model import DiffusionAutoencoder

LATENT = {"layers": 3, "skips": (1, 2)}
RECORD = {"latent_beta_scheduler": "const0.008", "T": 1000}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "last.ckpt"
    plain.checkpoint(path, record=RECORD, **LATENT)
    return path


def test_the_averaged_weights_are_taken(path):
    """The raw ones, which differ, stand beside them; a file without prefixes is read as well."""
    table, config = plain.checkpoint(path, record=RECORD, **LATENT)
    image, z = torch.randn(1, 3, 8, 8), torch.randn(1, 20)
    bare = path.with_name("bare.safetensors")
    extra = {"conds_mean": torch.full((20,), 0.1), "conds_std": torch.full((20,), 2.0)}
    save_file({name: value.clone() for name, value in table.items()} | extra, bare)
    loaded = [DiffusionAutoencoder(path=path), DiffusionAutoencoder(path=bare, image_size=8, latent_betas="linear")]
    with torch.no_grad():
        wanted = plain.decoder(table, config, image, torch.tensor([3]), z)
        for network in (model.load().network for model in loaded):
            torch.testing.assert_close(network(image, torch.tensor([3]), z), wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "no such file"),
        (lambda path: path.write_text("hello"), "is not a readable file"),
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "is not a readable file"),
        (
            lambda path: torch.save({"state_dict": {"conv_in.weight": torch.zeros(1)}}, path),
            "is no diffusion autoencoder",
        ),
        (lambda path: torch.save({"weights": torch.nn.Linear(1, 1)}, path), "it holds the keys 'weights', a torch.nn"),
    ],
)
def test_wrong_files_are_one_line(path, spoil, message):
    spoil(path)
    with pytest.raises(RecipeError, match=message) as error:
        DiffusionAutoencoder(path=path).load()
    assert "\n" not in str(error.value)


def test_a_tensor_that_is_missing_or_of_another_shape_is_named(path):
    stored = torch.load(path, weights_only=True)
    state = stored["state_dict"]
    del state["ema_model.out.0.weight"]
    torch.save(stored, path)
    with pytest.raises(RecipeError, match=r"last\.ckpt does not fit .*1 missing: conv_norm_out.weight"):
        DiffusionAutoencoder(path=path).load()
    state["ema_model.out.0.weight"], state["conds_mean"] = torch.zeros(32), torch.zeros(1, 7)
    torch.save(stored, path)
    with pytest.raises(RecipeError, match="needs conds_mean and conds_std, each of 20 numbers"):
        DiffusionAutoencoder(path=path).load()
    del state["conds_mean"]
    torch.save(stored, path)
    with pytest.raises(RecipeError, match=r"does not say how: write statistics = 'latent\.pkl'"):
        DiffusionAutoencoder(path=path).load()
