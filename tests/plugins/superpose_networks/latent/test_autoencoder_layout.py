"""First stages in files: configurations that are read, and those that are refused."""

from __future__ import annotations

import warnings

import pytest

from superpose import RecipeError
from superpose_networks.latent import (
    diffusers_autoencoder,
)

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"_class_name": "VQModel", "norm_type": "spatial"}, "norm_type = 'spatial' is not supported"),
        ({"latents_mean": [0.0]}, "latents_mean"),
        ({"down_block_types": ["DownBlock"]}, "DownBlock"),
    ],
)
def test_unsupported_first_stages_are_refused(config, says) -> None:
    with pytest.raises(RecipeError, match=says):
        diffusers_autoencoder("vae/config.json", config)
