"""Configurations of EDM's networks: defaults that go with the network, and what a file records or is refused for."""

import re

import pytest

from superpose import RecipeError
from superpose_edm.config import EDMConfig

TOLD = {"preconditioning": "EDMPrecond", "img_resolution": 32, "img_channels": 3}


def read(**more):
    return EDMConfig.from_mapping(TOLD | more, "f.safetensors")


def test_defaults_go_with_the_network():
    song, dhariwal = read(model_type="SongUNet"), read()
    assert (song.song, song.model_channels, song.widths, song.num_blocks) == (True, 128, (128, 256, 256, 256), 4)
    assert (song.eps, set(song.attn_resolutions)) == (1e-6, {16})
    assert (dhariwal.song, dhariwal.widths, dhariwal.num_blocks) == (False, (192, 384, 576, 768), 3)
    assert (dhariwal.eps, set(dhariwal.attn_resolutions)) == (1e-5, {32, 16, 8})


@pytest.mark.parametrize(
    ("name", "network", "written"),
    [("EDMPrecond", False, 3), ("VPPrecond", True, 3), ("VEPrecond", True, 3), ("iDDPMPrecond", False, 6)],
)
def test_a_preconditioning_brings_its_network_and_iddpm_a_variance(name, network, written):
    config = read(preconditioning=name)
    assert (config.song, config.written) == (network, written)
    assert type(config.around).__name__.lower() == f"{name.lower()}itioning"


def test_numbers_of_the_preconditioning_go_there_and_those_of_training_nowhere():
    config = read(sigma_min=0.01, sigma_max=50, dropout=0.13, use_fp16=True, augment_dim=9)
    assert config.around.ends == (0.01, 50)
    assert config == read(sigma_min=0.01, sigma_max=50)


def test_lists_are_kept_as_they_were_recorded():
    config = read(channel_mult=[1, 2], attn_resolutions=[], resample_filter=[1, 3, 3, 1])
    assert (config.channel_mult, config.attn_resolutions, config.resample_filter) == ((1, 2), (), (1, 3, 3, 1))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"preconditioning": "Precond"}, "f.safetensors holds a Precond, which is not one of EDMPrecond, VPPrecond"),
        ({"preconditioning": ["EDMPrecond"]}, "which is not one of EDMPrecond"),
        ({"preconditioning": None}, "f.safetensors holds a None"),
        ({"model_type": "UNet"}, "model_type = 'UNet' is not supported; supported: 'SongUNet', 'DhariwalUNet'"),
        ({"img_resolution": 0}, "img_resolution = 0 is not supported; supported: whole numbers from 1"),
        ({"channel_mult": 2}, "channel_mult = 2 is not supported"),
        ({"attn_resolutions": 16}, "attn_resolutions = 16 is not supported; supported: a list of whole numbers from 1"),
        ({"attn_resolutions": [16.5]}, "attn_resolutions = (16.5,) is not supported"),
        ({"resample_filter": "x"}, "resample_filter = 'x' is not supported; supported: a list of numbers"),
        ({"sigma_data": "x"}, "f.safetensors: sigma_data = 'x' is not supported; supported: numbers"),
        ({"sigma_max": None}, "f.safetensors: sigma_max = None is not supported"),
        ({"embedding_type": "learned"}, "embedding_type = 'learned' is not supported"),
        ({"colour": 1}, "f.safetensors: got an unexpected keyword argument 'colour'"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_file(changes, says):
    with pytest.raises(RecipeError, match=re.escape(says)):
        read(**changes)


def test_what_is_missing_is_named():
    with pytest.raises(RecipeError, match=r"f: missing 1 required keyword-only argument: 'img_channels'"):
        EDMConfig.from_mapping({"preconditioning": "VEPrecond", "img_resolution": 8}, "f")
