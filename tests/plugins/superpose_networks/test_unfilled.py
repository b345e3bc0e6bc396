"""Networks made without weights: nothing is filled or drawn, and torch's compiler stays out."""

from __future__ import annotations

import subprocess
import sys

import torch
from torch import nn

from superpose_networks import unfilled

#: Holds the embedded models against their files, as is done before a recipe runs.
CHECKED = """
import sys
import superpose
from superpose.plugins import load_plugins
from superpose.testing import variants
models = [model for kind in load_plugins().kinds("model").values() for model in variants(kind)[:1]]
held = [model for model in models if not list(model.problems())]  # others need a path
assert len(held) > 7, held
assert "torch" in sys.modules
assert "torch._dynamo" not in sys.modules
"""


def test_nothing_is_made_and_nothing_drawn() -> None:
    before = torch.get_rng_state()
    with unfilled():
        modules = nn.Embedding(3, 4, padding_idx=0), nn.Linear(3, 4), nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4)
        nn.init.normal_(tensor=modules[1].weight)
    assert {parameter.device.type for module in modules for parameter in module.parameters()} == {"meta"}
    assert torch.equal(before, torch.get_rng_state())
    assert nn.Embedding(3, 4).weight.std() > 0, "what is made outside is filled"


def test_holding_models_against_their_files_imports_no_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", CHECKED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
