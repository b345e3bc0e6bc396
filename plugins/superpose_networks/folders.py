"""A network in a folder as diffusers and transformers publish them: ``config.json`` beside files of weights.

The same weights may lie there several times: whole or in shards, in two formats, and as variants, which are of half
precision (``fp16``, ``bf16``) or other weights (``ema``, ``non_ema``). Full ones are read unless a variant is asked
for, as the two libraries do, for a network computes otherwise with rounded weights.
"""

from __future__ import annotations

from pathlib import Path

from superpose import RecipeError, Table, read_json

#: What the two libraries call files of weights, by format, the safe one first.
NAMES = {"safetensors": ("diffusion_pytorch_model", "model"), "bin": ("diffusion_pytorch_model", "pytorch_model")}
#: Variants that are read unasked where there are no others: the same weights, rounded.
ROUNDED = ("fp16", "bf16")
#: Notes of diffusers' averaging during training, which it leaves in the configuration of the network.
AVERAGING = (
    "decay", "min_decay", "optimization_step", "update_after_step", "use_ema_warmup", "inv_gamma", "power",
)  # fmt: skip


def weight_files(folder: Path, variant: str | None = None, *, optional: bool = False) -> tuple[Path, Path]:
    """The configuration and the weights of a folder; the weights may be an index of shards.

    Arguments:
        folder: With ``config.json``.
        variant: Such as "fp16" or "ema"; None for the full weights, or rounded ones where there are no others.
        optional: Whether those are read as well where ``variant`` is not there, as parts of a pipeline have it that
            were published once for all variants.

    Raises:
        RecipeError: A file is missing; says which weights are there.
    """
    if not (folder / "config.json").exists():
        raise RecipeError(f"{folder} has no config.json")
    for one in (variant,) if variant and not optional else (variant, None, *ROUNDED):
        for path in (folder / name for name in _names(one)):
            if path.exists():
                return folder / "config.json", path
    there = sorted(path.name for path in folder.iterdir() if path.suffix in (".safetensors", ".bin", ".json"))
    wanted = f"weights of variant = {variant!r}" if variant else f"weights such as {_names(None)[0]}"
    raise RecipeError(f"{folder} has no {wanted}; it has {', '.join(there[:8])}{', ...' * (len(there) > 8)}")


def read_config(path: Path) -> Table:
    """The ``config.json`` of a network, without what averaging leaves in it."""
    table = read_json(path)
    return Table(table.where, {key: value for key, value in table.items() if key not in AVERAGING})


def _names(variant: str | None) -> list[str]:
    mark = f".{variant}" if variant else ""
    found = []
    for ending, stems in NAMES.items():
        for stem in stems:
            found += [f"{stem}{mark}.{ending}", f"{stem}.{ending}.index{mark}.json"]
            found += [f"{stem}{mark}.{ending}.index.json"] if mark else []
    return found
