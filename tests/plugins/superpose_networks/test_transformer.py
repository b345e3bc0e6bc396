"""Transformer blocks are the published ones, and keep rows apart."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose_networks import SpatialTransformer, assign, ready

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    from diffusers.models.transformers.transformer_2d import Transformer2DModel

Published: Any = Transformer2DModel


@settings(max_examples=25, deadline=None)
@given(
    heads=st.integers(1, 3),
    head=st.integers(1, 5),
    groups=st.sampled_from([1, 2]),
    depth=st.integers(1, 2),
    context=st.sampled_from([None, 3, 8]),
    as_matrix=st.booleans(),
    words=st.integers(1, 5),
    seed=st.integers(0, 2**16),
)
def test_as_in_diffusers(heads, head, groups, depth, context, as_matrix, words, seed) -> None:
    torch.manual_seed(seed)
    channels = 2 * heads * head
    sizes: dict[str, Any] = {"num_attention_heads": heads, "attention_head_dim": 2 * head, "in_channels": channels}
    sizes |= {"num_layers": depth, "cross_attention_dim": context, "norm_num_groups": groups}
    with warnings.catch_warnings():  # of names that diffusers will change
        warnings.simplefilter("ignore", FutureWarning)
        theirs = Published(**sizes, use_linear_projection=as_matrix, double_self_attention=context is None)
    theirs = theirs.double().eval()
    ours = SpatialTransformer(channels, heads, 2 * head, depth=depth, context=context, groups=groups)
    assign(ours, theirs.state_dict(), "diffusers")
    x = torch.randn(2, channels, 3, 4, dtype=torch.float64)
    seen = None if context is None else torch.randn(2, words, context, dtype=torch.float64)
    with torch.no_grad():
        want, got = theirs(x, seen, return_dict=False)[0], ours.double()(x, seen)
    assert (got - want).abs().max() <= 1e-9 * want.abs().max()


@pytest.mark.parametrize("words", [1, 5, 16])
@pytest.mark.parametrize("side", [3, 8])
def test_rows_are_apart(side: int, words: int) -> None:
    torch.manual_seed(0)
    network = ready(SpatialTransformer(24, 3, 8, context=12, groups=4))
    image, text = torch.randn(24, side, side), torch.randn(words, 12)
    answers = []
    for place in range(5):
        x, seen = torch.randn(5, 24, side, side), torch.randn(5, words, 12)
        x[place], seen[place] = image, text
        with torch.inference_mode():
            answers.append(network(x, seen)[place])
    moved = [place for place, answer in enumerate(answers) if not torch.equal(answer, answers[0])]
    assert not moved, f"the answer changes in rows {moved}"
