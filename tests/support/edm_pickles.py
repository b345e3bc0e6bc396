"""Pickles as EDM's program writes them, with the modules that it has for the time of writing."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from restated_edm import Restated, Weights

SAID = {
    "img_resolution": 8, "img_channels": 3, "label_dim": 4, "use_fp16": False, "model_type": "SongUNet",
    "model_channels": 8, "channel_mult": [1, 2], "num_blocks": 1, "attn_resolutions": [4], "dropout": 0.1,
    "augment_dim": 9, "embedding_type": "fourier", "channel_mult_noise": 2, "encoder_type": "residual",
    "resample_filter": [1, 3, 3, 1],
}  # fmt: skip


OWN = ("img_channels", "label_dim", "use_fp16", "model_type", "augment_dim", "dropout")


#: What the file's modules would run if they were compiled.
TRAP = "import pathlib; pathlib.Path('ran').touch()"


class Persistent(nn.Module):
    """Pickles as EDM's modules do: a call that would compile the text beside it."""

    def __init__(self, name: str, **said: Any) -> None:
        super().__init__()
        self._init_args, self._init_kwargs, self._is = (), said, name

    def __reduce__(self) -> Any:
        rebuild = sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj
        state = {key: value for key, value in self.__dict__.items() if key != "_is"}
        meta = {"type": "class", "version": 6, "module_src": TRAP, "class_name": self._is, "state": state}
        return rebuild, (meta,), None


def pickled(path: Path, weights: dict[str, Tensor], name: str = "EDMPrecond", **said: Any) -> Path:
    """A file of EDM's with these weights of its network."""
    precond, network = Persistent(name, **said), Persistent("SongUNet")
    precond.add_module("model", network)
    for whole, value in weights.items():
        *above, last = whole.split(".")
        here: nn.Module = network
        for depth, part in enumerate(above):
            if part not in dict(here.named_children()):
                here.add_module(
                    part, nn.ModuleDict() if depth == 0 and part in ("enc", "dec") else Persistent("Conv2d")
                )
            here = dict(here.named_children())[part]
        if last == "freqs":
            here.register_buffer(last, value)
        else:
            here.register_parameter(last, nn.Parameter(value))
    here.register_buffer("resample_filter", torch.ones(1, 1, 4, 4))
    with path.open("wb") as file:
        pickle.dump({"ema": precond, "loss_fn": Persistent("EDMLoss"), "dataset_kwargs": {"path": "x.zip"}}, file)
    return path


def restated() -> tuple[Restated, Weights]:
    torch.manual_seed(0)
    weights = Weights({"map_augment.weight": torch.ones(16, 9)})
    network = Restated(weights, "SongUNet", 3, **{key: value for key, value in SAID.items() if key not in OWN})
    network(torch.zeros(1, 3, 8, 8), torch.zeros(1), torch.zeros(1, 4))  # draws them
    return network, weights
