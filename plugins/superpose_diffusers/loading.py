"""The parts of a saved pipeline, made by diffusers and transformers: from safetensors, from this machine, without code.

Weights go through the two libraries' own ``from_pretrained``; the pipeline's class then puts the parts together, and is
used for its ``encode_prompt`` alone.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from superpose import RecipeError, regular_file

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase

    from superpose_diffusers.folder import PipelineFolder
    from superpose_diffusers.pipeline import Pipeline

#: Settings of a pipeline's class that would load or do more than is asked.
OFF = {"requires_safety_checker": False, "add_watermarker": False}
#: Parts that stay exact whatever the rest runs in: several autoencoders overflow in float16, moments lose digits.
EXACT = ("vae", "vqvae", "image_normalizer")
#: Pillow resizes images for CLIP, as it did when pipelines were published, and not what happens to be installed.
PILLOW = dict.fromkeys(("CLIPFeatureExtractor", "CLIPImageProcessor"), "CLIPImageProcessorPil")


def load_pipeline(
    folder: PipelineFolder,
    tokenizers: Mapping[str, PreTrainedTokenizerBase],
    device: torch.device,
    dtype: torch.dtype,
    variant: str | None,
) -> Pipeline:
    """The pipeline, its networks in evaluation mode; ``tokenizers`` as from `load_tokenizers`.

    Raises:
        RecipeError: diffusers is not installed, a class is unknown, or a file is missing or damaged.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the libraries think of their own files is nothing a user can mend
        homes = _homes()
        parts = dict(tokenizers)
        for name, kind in folder.parts.items():
            if name in tokenizers:
                continue
            cls = _class(homes, kind, f"{folder.path}: part {name!r}")
            wanted = at_least_float32(dtype) if name in EXACT else dtype
            parts[name] = _part(cls, folder.path / name, device, wanted, variant)
        pipeline = _class(homes, folder.pipeline, str(folder.path))
        takes = inspect.signature(pipeline.__init__).parameters
        settings = {key: value for key, value in folder.index.items() if key in takes and key not in parts}
        absent = {key: None for key, value in settings.items() if isinstance(value, list)}
        chosen = settings | absent | {key: value for key, value in OFF.items() if key in takes}
        try:
            made: Pipeline = pipeline(**parts, **chosen)
        except (TypeError, ValueError) as error:
            raise RecipeError(f"{folder.path} can't be put together as a {folder.pipeline}: {error}") from error
    return made


def unread(folder: PipelineFolder) -> nn.Module:
    """The denoiser without weights, as its configuration has it.

    Raises:
        RecipeError: diffusers is not installed, or its class is unknown.
    """
    import torch

    cls = _class(_homes(), folder.parts[folder.denoiser], f"{folder.path}: part {folder.denoiser!r}")
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        network: nn.Module = cls.from_config(dict(folder.denoiser_config))
    return network


def load_tokenizers(folder: PipelineFolder) -> tuple[type[Pipeline], dict[str, PreTrainedTokenizerBase]]:
    """The pipeline's class, and each of its tokenizers by the name of the part.

    Raises:
        RecipeError: As `load_pipeline`.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        homes, anywhere = _homes(), torch.device("cpu")
        found = {
            name: _part(_class(homes, kind, f"{folder.path}: part {name!r}"), folder.path / name, anywhere, None, None)
            for name, kind in folder.parts.items()
            if name.startswith("tokenizer")
        }
        return _class(homes, folder.pipeline, str(folder.path)), found


def at_least_float32(dtype: torch.dtype) -> torch.dtype:
    """float32, whatever the rest runs in."""
    import torch

    return torch.promote_types(dtype, torch.float32)


def _part(cls: type[Any], folder: Path, device: torch.device, dtype: torch.dtype | None, variant: str | None) -> Any:
    import torch

    from superpose_networks import shards

    options: dict[str, object] = {"local_files_only": True}
    if not cls.__module__.startswith("diffusers.") or cls.__name__.startswith("Auto"):
        options["trust_remote_code"] = False  # else code beside the files could ask to be run, and wait for an answer
    network = issubclass(cls, torch.nn.Module)  # and not a tokenizer or a scheduler
    if network:
        options |= {"use_safetensors": True, "variant": variant}
        if cls.__module__.startswith("diffusers."):
            options |= {"torch_dtype": dtype, "low_cpu_mem_usage": find_spec("accelerate") is not None}
        else:
            options |= {"dtype": dtype}
    for file in folder.iterdir() if folder.is_dir() else ():  # what is missing is told below
        if not file.is_dir():
            regular_file(file)
        if ".index." in file.name and file.suffix == ".json":
            shards(file)  # refuses those that name files elsewhere
    try:
        part = cls.from_pretrained(folder, **options)
    except Exception as error:  # a reader that is fed broken files may raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RecipeError(f"{folder} can't be loaded as a {cls.__name__}: {reason}") from error
    return part.to(device).eval().requires_grad_(requires_grad=False) if network else part


def _homes() -> tuple[ModuleType, ...]:
    try:
        import diffusers
        import transformers
        from diffusers.pipelines import stable_diffusion  # where the normaliser of unCLIP is
    except ImportError as error:
        raise RecipeError(f"model kind 'diffusers' needs: pip install 'superpose[diffusers]' ({error})") from error
    return diffusers, transformers, stable_diffusion


def _class(homes: tuple[ModuleType, ...], name: str, where: str) -> type[Any]:
    for known in (PILLOW.get(name, name), name):
        for home in homes:
            if isinstance(cls := getattr(home, known, None), type):
                return cls
    raise RecipeError(f"{where} is a {name}, which neither diffusers nor transformers has as installed here")
