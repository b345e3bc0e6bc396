"""Text encoders are those of transformers."""

from __future__ import annotations

import warnings

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shaken import shaken
from superpose_networks import assign, ready
from superpose_networks.latent import (
    TextEncoder,
    clip_config,
    text_names,
)

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import transformers

FEW = settings(max_examples=12, deadline=None)


def close(got: torch.Tensor, want: torch.Tensor) -> None:
    off = float((got - want).abs().max() / want.abs().max())
    assert off <= 1e-5, f"off by {off:.1e} of the largest value"


@FEW
@given(
    heads=st.integers(1, 3), width=st.sampled_from([4, 8]), layers=st.integers(1, 3), length=st.integers(2, 9),
    activation=st.sampled_from(["quick_gelu", "gelu"]), seed=st.integers(0, 99),
)  # fmt: skip
def test_clip_is_that_of_transformers(heads, width, layers, length, activation, seed) -> None:
    config = {
        "vocab_size": 20, "hidden_size": heads * width, "intermediate_size": 24, "num_hidden_layers": layers,
        "num_attention_heads": heads, "max_position_embeddings": length, "hidden_act": activation,
    }  # fmt: skip
    theirs = shaken(transformers.CLIPTextModel(transformers.CLIPTextConfig(**config)), seed)
    shape = clip_config("a test", {**config, "architectures": ["CLIPTextModel"], "projection_dim": 7})
    ours = TextEncoder(shape)
    assign(ours, text_names("clip", theirs.state_dict(), layers), "transformers")
    tokens = torch.randint(0, 20, (2, length), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        close(ready(ours)(tokens), theirs(tokens).last_hidden_state)
