"""Names of averaged weights have their dots again."""

from __future__ import annotations

from pathlib import Path

import pytest

from superpose_networks import tensor_shapes
from superpose_networks.latent import dotted


@pytest.mark.parametrize("case", ["ldm_a_uncond_vq", "ldm_b_class_kl", "ip_a_instruct_pix2pix"])
def test_dots_come_back_where_averaging_took_them(case: str) -> None:
    shapes = tensor_shapes(Path(__file__).parents[3] / "fixtures" / case / "model.ckpt")
    names = [
        name.removeprefix("model.diffusion_model.") for name in shapes if name.startswith("model.diffusion_model.")
    ]
    assert len(names) > 50
    assert [dotted(name.replace(".", "")) for name in names] == names
    assert dotted("input_blocks110in_layers0weight") == "input_blocks.11.0.in_layers.0.weight"
