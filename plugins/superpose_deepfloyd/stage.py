"""One stage of a cascade on disk: what its folder says before any weight is read.

A pipeline folder has ``unet/``, ``scheduler/`` and, of an upscaler, ``image_noising_scheduler/``. The bare folder of a
network will do as well: then the levels are those that IF was published with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose import (
    Clip,
    NoClip,
    RecipeError,
    TableSchedule,
    published_clip,
    published_table,
    read_json,
)

if TYPE_CHECKING:
    from superpose import Parameterization
    from superpose_deepfloyd.config import IFConfig
    from superpose_deepfloyd.network import IFUNet
    from superpose_networks import LazyNetwork

#: The levels that all of IF's networks were trained on; the large stages cut their images off at 1 instead.
PUBLISHED: dict[str, Any] = {
    "beta_schedule": "squaredcos_cap_v2", "variance_type": "learned_range",
    "thresholding": True, "dynamic_thresholding_ratio": 0.95, "sample_max_value": 1.5,
}  # fmt: skip


@attrs.frozen(kw_only=True)
class Stage:
    """Description of a stage in a folder.

    Attributes:
        config: Of the network.
        upscales: Whether it sees a small image beside the noisy one.
        channels: Of an image.
        schedule: Noise levels it was trained on.
        parameterization: What its output means.
        learns_variance: Whether half of its output is a learned range of variance.
        clip: How its images are kept in range.
        noising: Noise levels of the small image.
        network: The network.
    """

    config: IFConfig
    upscales: bool
    channels: int
    schedule: TableSchedule
    parameterization: Parameterization
    learns_variance: bool
    clip: Clip
    noising: TableSchedule
    network: LazyNetwork[IFUNet]


def read_stage(path: Path, variant: str | None = None) -> Stage:
    """Read the folder at ``path``; ``variant`` says which of its weights are meant.

    Raises:
        RecipeError: It is not there, or of another family.
    """
    from superpose_deepfloyd.config import IFConfig
    from superpose_deepfloyd.network import IFUNet
    from superpose_networks import LazyNetwork, WeightFile, read_config, weight_files

    if not path.is_dir():
        raise RecipeError(f"{path} is a file: give the folder of an IF pipeline, with unet/config.json in it")
    folder = path / "unet" if (path / "unet").is_dir() else path
    where, weights = weight_files(folder, variant)
    try:
        config = IFConfig.from_mapping(read_config(where))
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from error
    upscales = config.class_embed_type == "timestep"
    channels = config.in_channels // (1 + upscales)
    if config.in_channels % (1 + upscales) or config.out_channels not in (channels, 2 * channels):
        raise RecipeError(
            f"{where}: {config.in_channels} channels in and {config.out_channels} out make no stage "
            f"of IF: images of {channels} channels need {channels} out, or {2 * channels} with the variance"
        )
    file, levels = _levels(folder.parent / "scheduler")
    if levels.get("variance_type") == "learned":
        raise RecipeError(f"{file}: variance_type = 'learned' is not supported: IF's networks have 'learned_range'")
    schedule, parameterization = published_table(file, levels)
    noising, _ = published_table(*_levels(folder.parent / "image_noising_scheduler"))
    return Stage(
        config=config, upscales=upscales, channels=channels, schedule=schedule, noising=noising,
        parameterization=parameterization, clip=_clip(levels, upscales),
        learns_variance=config.out_channels == 2 * channels and levels.get("variance_type") == "learned_range",
        network=LazyNetwork(lambda: IFUNet(config), WeightFile(weights)),
    )  # fmt: skip


def text_folders(path: Path) -> tuple[Path, Path]:
    """The folders of the encoder and of its tokenizer: of a pipeline, or one folder that has both.

    Raises:
        RecipeError: There is no encoder there.
    """
    encoder = path / "text_encoder" if (path / "text_encoder").is_dir() else path
    if not (encoder / "config.json").exists():
        raise RecipeError(f"{path} has no text encoder: neither text_encoder/config.json nor config.json is there")
    beside = encoder.parent / "tokenizer"
    return encoder, beside if beside.is_dir() else encoder


def _levels(folder: Path) -> tuple[Path, dict[str, Any]]:
    file = folder / "scheduler_config.json"
    return file, read_json(file) if file.exists() else PUBLISHED


def _clip(levels: Mapping[str, Any], upscales: bool) -> Clip:
    cut = {"sample_max_value": 1.0} if levels is PUBLISHED and upscales else {}
    return published_clip({**levels, **cut} if cut else levels) or NoClip()
