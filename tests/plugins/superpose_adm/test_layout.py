"""OpenAI's U-Net is recognised in any of its files, and equals diffusers'."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import superpose
from openai_file import openai_file
from superpose_adm.layout import Layout

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    channels, levels = draw(st.sampled_from([32, 64])), draw(st.integers(1, 3))
    return Layout(
        channels=channels,
        widths=(channels, *(32 * draw(st.integers(1, 3)) for _ in range(levels - 1))),
        blocks=draw(st.integers(1, 2)),
        attention=frozenset(draw(st.sets(st.integers(0, levels - 1)))),
        in_channels=3,
        out_channels=draw(st.sampled_from([3, 6])),
        classes=draw(st.sampled_from([None, 5])),
        scale_shift=draw(st.booleans()),
        residual=draw(st.booleans()) if levels > 1 else False,
    )


def published(layout: Layout, width: int) -> Any:
    """The same network in diffusers."""
    resample = "resnet" if layout.residual else "conv"
    plain = ("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D") if layout.residual else ("DownBlock2D", "UpBlock2D")
    attends = [level in layout.attention for level in range(len(layout.widths))]
    make: Any = diffusers.UNet2DModel
    return make(
        in_channels=layout.in_channels, out_channels=layout.out_channels, block_out_channels=layout.widths,
        layers_per_block=layout.blocks, attention_head_dim=width, num_class_embeds=layout.classes, norm_eps=1e-5,
        attn_norm_num_groups=32,
        down_block_types=["AttnDownBlock2D" if one else plain[0] for one in attends],
        up_block_types=["AttnUpBlock2D" if one else plain[1] for one in reversed(attends)],
        resnet_time_scale_shift="scale_shift" if layout.scale_shift else "default",
        downsample_type=resample, upsample_type=resample,
    ).eval()  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(layout=layouts(), width=st.sampled_from([8, 16, 32]), order=st.sampled_from(["legacy", "new"]))
def test_any_file_is_recognised_and_answers_as_diffusers(layout: Layout, width: int, order: str) -> None:
    torch.manual_seed(0)
    theirs = published(layout, width)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        path = Path(folder) / "model.pt"
        torch.save(openai_file(theirs.state_dict(), layout.blocks, order, width), path)
        told = {"head_width": width, "order": order, "size": 8, "betas": "linear"}
        model: Any = superpose.make("model", "guided-diffusion", path=path, **told)
        assert model.layout == layout
        x, t = torch.randn(2, 3, 8, 8), torch.tensor([3, 900])
        labels = torch.tensor([0, 4]) if layout.classes else None
        want = theirs(x, t, labels).sample
        got = model.load().network(x, t, labels)
    assert float((got - want).abs().max()) <= 2e-5 * float(want.abs().max())
