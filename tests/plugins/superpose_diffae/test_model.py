"""Kinds of diffusion autoencoders: their betas, their dtype, and no torch before it is needed."""

import subprocess
import sys

import pytest
import torch

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


def test_betas():
    assert betas("linear", 1000) == superpose.TableSchedule.named("linear")
    constant = betas("const0.008", 1000)
    assert constant.alphas_cumprod[:2] == pytest.approx((0.992, 0.992**2))
    with pytest.raises(RecipeError, match="no betas are called 'sqrt'"):
        betas("sqrt", 1000)


def test_dtype_and_memory(path):
    """The decoder is in the dtype asked for; what is asked once an image stays in float32."""
    model = DiffusionAutoencoder(path=path).load(dtype="bfloat16")
    assert model.network.conv_in.weight.dtype == torch.bfloat16
    assert model.encode_prompt.networks.encoder.conv_in.weight.dtype == torch.float32
    level = model.schedule.level(0, 500)
    x = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        half = model.predict(x, level, {"code": torch.randn(1, 20)}).output
    assert half.dtype == torch.bfloat16


def test_importing_the_plugin_brings_no_torch():
    code = "import sys, superpose_diffae; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
