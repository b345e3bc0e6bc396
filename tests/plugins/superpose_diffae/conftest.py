"""The recorded autoencoders, read once."""

import pytest

from recorded_diffae import Case
from superpose_diffae.model import DiffusionAutoencoder


@pytest.fixture(scope="module")
def a():
    return Case("da_a_autoenc")


@pytest.fixture(scope="module")
def b():
    return Case("da_b_latent")


@pytest.fixture(scope="module")
def autoencoder(a):
    return DiffusionAutoencoder(path=a.folder / "last.ckpt").load()


@pytest.fixture(scope="module")
def latent(b):
    return DiffusionAutoencoder(path=b.folder / "last.ckpt", classifier=b.folder / "cls.ckpt").load()
