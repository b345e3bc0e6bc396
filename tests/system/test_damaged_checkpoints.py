"""Damaged checkpoints of every family: refused in a sentence of ours, or read; nothing else happens."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from safetensors.torch import load_file, save_file

import superpose
from cascade import Case, texts
from fuzzing import TIMES
from ldm_dit_original import OriginalDiT
from restated_edm import Restated, Weights
from superpose import SuperposeError

FIXTURES = Path(__file__).parent.parent / "fixtures"
UNET = "unet/diffusion_pytorch_model"
GUIDED = {"betas": "linear", "heads": 2, "order": "new"}
#: What is copied, the file in it that is damaged, and the recipe's options.
FAMILIES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "folder": ("df_a_unet2d_ddpm/pipeline", f"{UNET}.safetensors", "ddpm", {}),
    "bin": ("df_c_unet2d_legacy_keys/pipeline", f"{UNET}.bin", "ddpm", {}),
    "port": ("pd_a_ddpm_model", "model.ckpt", "ddpm", {"size": 16}),
    "guided": ("gd_b_unet_newattn", "model.pt", "guided-diffusion", {"size": 16, **GUIDED}),
    "classifier": (
        "gd_c_classifier_attnpool", "classifier.pt", "guided-diffusion-classifier",
        {"betas": "linear", "blocks": 1, "head_width": 16},
    ),
    "ldm": ("ldm_a_uncond_vq", "model.ckpt", "ldm", {}),
    "stable-diffusion": ("df_d_stable_diffusion/pipeline", f"{UNET}.safetensors", "stable-diffusion", {}),
    "deepfloyd": ("df_f_if_stage1/pipeline", f"{UNET}.safetensors", "deepfloyd", {}),
    "dit": ("df_h_dit/pipeline", "transformer/diffusion_pytorch_model.safetensors", "dit", {}),
    "paper's dit": ("df_h_dit/pipeline", "dit.pt", "dit", {"heads": 2}),
    "diffae": ("da_a_autoenc", "last.ckpt", "diffae", {}),
    "edm": ("", "model.safetensors", "edm", {}),
}  # fmt: skip
EDM = {
    "img_resolution": 8, "img_channels": 3, "label_dim": 0, "model_type": "SongUNet", "model_channels": 8,
    "channel_mult": [1, 2], "num_blocks": 1, "attn_resolutions": [4],
}  # fmt: skip
BOTH = (
    "truncated", "byte", "missing", "renamed", "far", "shape", "flat", "scalar", "empty", "whole numbers", "complex",
    "NaN", "wrapped",
)  # fmt: skip
PICKLED = ("no step", "list", "text")
#: Damages of each family.
COUNT = 4
#: Damages that may leave all that is read as it was: names without a number, and a wrapper's word.
HARMLESS = ("byte", "far", "wrapped")


#: Tensors that a network's shape is read from, where no configuration tells it.
TELLING = {
    "port": ("conv_in.weight", "conv_out.weight", "down.0.block.0.conv1.weight"),
    "guided": ("time_embed.0.weight", "input_blocks.0.0.weight", "input_blocks.1.0.emb_layers.1.weight"),
    "classifier": ("out.2.c_proj.weight", "out.2.positional_embedding", "input_blocks.1.0.in_layers.2.weight"),
    "paper's dit": ("x_embedder.proj.weight", "pos_embed", "y_embedder.embedding_table.weight"),
    "diffae": ("encoder.out.3.weight", "time_embed.time_embed.0.weight", "input_blocks.1.0.in_layers.2.weight"),
}


@attrs.frozen(eq=False)
class Checkpoint:
    """A family's checkpoint: the file to damage, what it holds, and the options that read it."""

    family: str
    file: Path
    options: dict[str, Any]
    whole: bytes
    stored: dict[str, Any]

    def write(self, content: bytes | dict[str, Any]) -> None:
        """Put something in the file's place, which may be mapped: a new file."""
        self.file.unlink()
        if isinstance(content, bytes):
            self.file.write_bytes(content)
        elif self.file.suffix == ".safetensors":
            save_file({key: value.contiguous() for key, value in content.items()}, self.file)
        else:
            torch.save({**self.stored, "state_dict": content} if "state_dict" in self.stored else content, self.file)

    def complaint(self, load: bool = True) -> str:
        """How reading it, or its header alone, is refused; empty where it is not."""
        kind = FAMILIES[self.family][2]
        try:
            made = superpose.make("classifier" if kind.endswith("classifier") else "model", kind, **self.options)
            assert len((made.load() if load else made).shape) == 3
        except SuperposeError as error:
            return str(error)
        return ""


@pytest.fixture(scope="module", params=FAMILIES)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    source, file, kind, options = FAMILIES[request.param]
    folder = tmp_path_factory.mktemp("checkpoint") / "m"
    torch.manual_seed(0)
    if kind == "edm":
        folder.mkdir()
        weights = Weights()
        own = {key: value for key, value in EDM.items() if key not in ("img_channels", "label_dim", "model_type")}
        Restated(weights, "SongUNet", 3, **own)(torch.zeros(1, 3, 8, 8), torch.zeros(1), None)  # draws them
        save_file({f"model.{name}": value for name, value in weights.items()}, folder / file)
        (folder / "config.json").write_text(json.dumps({**EDM, "preconditioning": "EDMPrecond"}))
    else:
        shutil.copytree(FIXTURES / source, folder)
    options = {**options, "path": folder if "/" in file or kind == "edm" else folder / file}
    if kind == "ldm":
        options["config"] = folder / "config.yaml"
    if kind == "deepfloyd":
        given = Case("df_f_if_stage1").inputs
        options["embeddings"] = texts(folder / "texts.safetensors", given["negative_prompt_embeds"][0])
    if file == "dit.pt":
        options["vae"] = folder / "vae"
        torch.save(OriginalDiT(8, 2, 4, 32, depth=2, heads=2, classes=10).state_dict(), folder / file)
    path = folder / file
    stored = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=False)
    return Checkpoint(request.param, path, options, path.read_bytes(), stored)


def test_a_damaged_checkpoint_is_refused_or_read(checkpoint: Checkpoint) -> None:
    checkpoint.write(checkpoint.whole)
    assert checkpoint.complaint() == ""
    draws = random.Random(checkpoint.family)
    every = BOTH + PICKLED * (checkpoint.file.suffix != ".safetensors")
    for how in [how for _ in range(TIMES) for how in draws.sample(every, COUNT)]:
        name, content = damaged(checkpoint, how, draws)
        checkpoint.write(content)
        try:
            said = checkpoint.complaint()
        except Exception as error:  # what else comes out, whatever it is, is the fault
            raise AssertionError(f"{how} {name}: {type(error).__name__}: {error}") from error
        assert said or how in HARMLESS, (how, name)
        assert "\n" not in said, (how, name)
        assert "weights_only" not in said, (how, name)
        assert len(said) < 1500, (how, name)


def test_a_telling_tensor_of_another_rank_is_named(checkpoint: Checkpoint) -> None:
    table = checkpoint.stored.get("state_dict", checkpoint.stored)
    prefix = "ema_model." if checkpoint.family == "diffae" else ""
    for name in TELLING.get(checkpoint.family, ()):
        for sizes in ((), (0, 3), (1, 1, 1, 1, 1)):
            checkpoint.write({**table, prefix + name: torch.zeros(sizes)})
            said = checkpoint.complaint(load=checkpoint.family == "classifier")  # its pool is no part of its shape
            assert said.startswith(f"{checkpoint.file}: {name} has the shape {sizes}, and must have"), (name, sizes)


def damaged(checkpoint: Checkpoint, how: str, draws: random.Random) -> tuple[str, bytes | dict[str, Any]]:
    """Where the damage is, and what is written."""
    if how in ("truncated", "byte"):
        data, place = bytearray(checkpoint.whole), draws.randrange(len(checkpoint.whole))
        data[place] ^= 255
        return str(place), bytes(data[:place] if how == "truncated" else data)
    table = dict(checkpoint.stored.get("state_dict", checkpoint.stored))
    names = [name for name, value in table.items() if value.dim() and value.numel()]
    # Where there are averaged weights, the raw ones are not read.
    name = draws.choice([name for name in names if name.startswith(("ema_model.", "model_ema."))] or names)
    value = table.pop(name)
    one = value.reshape(-1)[:1].clone()
    plain: dict[str, Any] = {
        "missing": {}, "renamed": {f"x.{name}": value}, "wrapped": {name: value},
        "far": {re.sub(r"\d+", "99999999999", name, count=1): value},
        "shape": {name: torch.cat([value, value]) if value.dim() else one},
        "flat": {name: value.reshape(1, -1)}, "scalar": {name: one.reshape(())}, "empty": {name: torch.zeros(0, 3)},
        "whole numbers": {name: torch.zeros(value.shape, dtype=torch.int64)},
        "complex": {name: value.to(torch.complex64)}, "NaN": {name: torch.full(value.shape, torch.nan)},
        "no step": {name: one.expand(10**9)}, "list": {name: [value]}, "text": {name: "text"},
    }  # fmt: skip
    table |= plain[how]
    if how == "wrapped":
        table = {f"module.{key}": value for key, value in table.items()}
    return name, table
