"""U-Nets in the folders that diffusers publishes: ``config.json`` beside files of weights."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from superpose import RecipeError
from superpose_networks.config import UNet2DConfig
from superpose_networks.folders import read_config, weight_files
from superpose_networks.lazy_network import LazyNetwork
from superpose_networks.unet2d import UNet2D
from superpose_networks.weight_file import WeightFile


def read_unet2d(
    source: str | os.PathLike[str] | tuple[Path, Path], variant: str | None = None
) -> tuple[UNet2DConfig, LazyNetwork[UNet2D]]:
    """A U-Net in its published folder, no weight read.

    Arguments:
        source: A folder with ``config.json`` and the weights, or the pair (configuration file, weights file).
        variant: Which files of weights of a folder, as `weight_files` takes it.

    Raises:
        RecipeError: A file is missing, or the configuration is not supported.
    """
    where, weights = source if isinstance(source, tuple) else weight_files(Path(source), variant)
    try:
        config = UNet2DConfig.from_mapping(read_config(where))
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from error
    return config, LazyNetwork(lambda: UNet2D(config), WeightFile(weights))


def load_unet2d(
    source: str | os.PathLike[str] | tuple[Path, Path],
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    variant: str | None = None,
) -> UNet2D:
    """A U-Net from its published folder, ready to be asked: frozen, in evaluation mode.

    Arguments:
        source: As for `read_unet2d`.
        device: Where the weights go, straight from the file.
        dtype: What they are cast to on the way.
        variant: As for `read_unet2d`.

    Raises:
        RecipeError: A file is missing or damaged, the configuration is not supported, or the two do not fit.
    """
    return read_unet2d(source, variant)[1].load(device, dtype)
