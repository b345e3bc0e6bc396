"""First stages are those of diffusers, in any configuration."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shaken import shaken
from superpose_networks import assign, ready
from superpose_networks.latent import (
    Autoencoder,
    diffusers_autoencoder,
)

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

FEW = settings(max_examples=12, deadline=None)
levels_of = st.integers(1, 3)


def close(got: torch.Tensor, want: torch.Tensor) -> None:
    off = float((got - want).abs().max() / want.abs().max())
    assert off <= 1e-5, f"off by {off:.1e} of the largest value"


@st.composite
def autoencoders(draw: st.DrawFn) -> dict[str, Any]:
    levels, groups = draw(levels_of), draw(st.sampled_from([1, 2, 4]))
    attends = draw(st.lists(st.booleans(), min_size=levels, max_size=levels))
    return {
        "in_channels": draw(st.integers(1, 3)),
        "out_channels": draw(st.integers(1, 3)),
        "latent_channels": draw(st.integers(1, 4)),
        "block_out_channels": [4 * draw(st.integers(1, 3)) for _ in range(levels)],
        "layers_per_block": draw(st.integers(1, 2)),
        "norm_num_groups": groups,
        "mid_block_add_attention": draw(st.booleans()),
        "down_block_types": ["AttnDownEncoderBlock2D" if one else "DownEncoderBlock2D" for one in attends],
        "up_block_types": [
            "AttnUpDecoderBlock2D" if one else "UpDecoderBlock2D" for one in draw(st.permutations(attends))
        ],
        "scaling_factor": draw(st.sampled_from([1.0, 0.18215])),
    }


@FEW
@given(
    config=autoencoders(),
    quant=st.booleans(),
    post=st.booleans(),
    shift=st.sampled_from([None, 0.3]),
    seed=st.integers(0, 99),
)
def test_kl_autoencoders_are_those_of_diffusers(config, quant, post, shift, seed) -> None:
    config |= {"use_quant_conv": quant, "use_post_quant_conv": post, "shift_factor": shift}
    theirs = shaken(diffusers.AutoencoderKL(**config), seed)
    ours = Autoencoder(diffusers_autoencoder("a test", config))
    assign(ours, theirs.state_dict(), "diffusers")
    torch.manual_seed(seed)
    images = torch.randn(2, config["in_channels"], 16, 24)
    with torch.no_grad():
        posterior = theirs.encode(images).latent_dist
        mean, log_variance = ready(ours).moments(images)
        close(mean, posterior.mean)
        close(log_variance, posterior.logvar)
        z = ours.encode(images)
        close(z, (posterior.mean - (shift or 0)) * config["scaling_factor"])
        close(ours.decode(z), theirs.decode(posterior.mean).sample)


@FEW
@given(config=autoencoders(), codes=st.integers(2, 30), width=st.sampled_from([None, 3]), seed=st.integers(0, 99))
def test_vq_autoencoders_are_those_of_diffusers(config, codes, width, seed) -> None:
    config |= {"num_vq_embeddings": codes, "vq_embed_dim": width}
    theirs = shaken(diffusers.VQModel(**config), seed)
    ours = Autoencoder(diffusers_autoencoder("a test", {"_class_name": "VQModel", **config}))
    assign(ours, theirs.state_dict(), "diffusers")
    images = torch.randn(1, config["in_channels"], 16, 8, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        encoded = theirs.encode(images).latents
        close(ready(ours).moments(images)[0], encoded)
        distances = (
            torch.cdist(encoded.flatten(2)[0].t(), theirs.quantize.embedding.weight).topk(2, largest=False).values
        )
        assume(float((distances[:, 1] - distances[:, 0]).min()) > 1e-4)  # no two codes are equally near
        close(ours.decode(encoded * config["scaling_factor"]), theirs.decode(encoded).sample)
