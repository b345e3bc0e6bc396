"""Templates: those that were published, and what wins over what."""

import pytest

import plain_diffae as plain
from superpose import RecipeError
from superpose_diffae.model import DiffusionAutoencoder
from superpose_diffae.templates import TEMPLATES, Template

LATENT = {"layers": 3, "skips": (1, 2)}
RECORD = {"latent_beta_scheduler": "const0.008", "T": 1000}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "last.ckpt"
    plain.checkpoint(path, record=RECORD, **LATENT)
    return path


def test_options_win_over_template_and_template_over_file(path, monkeypatch):
    with pytest.raises(
        RecipeError, match=r"last\.ckpt \(ffhq256_autoenc\) is not of this template: its widths of the dec"
    ):
        _ = DiffusionAutoencoder(path=path, image_size=16, template="ffhq256_autoenc").shape
    monkeypatch.setattr(Template, "check", lambda *_: None)  # a file small enough for a test is of no template
    assert DiffusionAutoencoder(path=path, template="ffhq256_autoenc").shape == (3, 256, 256)
    assert DiffusionAutoencoder(path=path, image_size=16, template="ffhq256_autoenc").shape == (3, 16, 16)
    with pytest.raises(ValueError, match="must be one of 'celeba64d2c_autoenc'"):
        DiffusionAutoencoder(path=path, template="ffhq512_autoenc")


def test_templates_are_the_published_ones():
    """Widths from templates.py, as channels times factors; layers from templates_latent.py."""
    published = {
        "ffhq128_autoenc_130M": (128, 128, (1, 1, 2, 3, 4), 10),
        "ffhq256_autoenc": (256, 128, (1, 1, 2, 2, 4, 4), 10),
        "celeba64d2c_autoenc": (64, 64, (1, 2, 4, 8), 10),
        "bedroom128_autoenc": (128, 128, (1, 1, 2, 3, 4), 20),
        "horse128_autoenc": (128, 128, (1, 1, 2, 3, 4), 20),
    }
    for name, (size, channels, factors, layers) in published.items():
        assert TEMPLATES[name] == (size, tuple(channels * factor for factor in factors), layers), name
