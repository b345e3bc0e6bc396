"""Networks are the published ones, whatever their configuration: compared with diffusers and transformers."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from superpose import RecipeError
from superpose_networks import assign, ready
from superpose_networks.latent import (
    Autoencoder,
    LatentUNet,
    TextEncoder,
    clip_config,
    diffusers_autoencoder,
    diffusers_unet,
    text_names,
)

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers
    import transformers

FEW = settings(max_examples=12, deadline=None)
levels_of = st.integers(1, 3)


def close(got: torch.Tensor, want: torch.Tensor) -> None:
    off = float((got - want).abs().max() / want.abs().max())
    assert off <= 1e-5, f"off by {off:.1e} of the largest value"


def shaken(network: Any, seed: int) -> Any:
    """The network with every weight random, those that begin at zero or one included."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in network.parameters():
            value.add_(torch.randn(value.shape, generator=generator) * 0.1)
    return network.eval()


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


@st.composite
def unets(draw: st.DrawFn) -> dict[str, Any]:
    levels, groups = draw(levels_of), draw(st.sampled_from([1, 2, 4]))
    attends = draw(st.lists(st.booleans(), min_size=levels, max_size=levels))

    def one_or_each(choices: Any) -> Any:
        return draw(st.one_of(choices, st.lists(choices, min_size=levels, max_size=levels)))

    return {
        "in_channels": draw(st.integers(1, 5)),
        "out_channels": draw(st.integers(1, 4)),
        "block_out_channels": [8 * draw(st.integers(1, 2)) for _ in range(levels)],
        "layers_per_block": one_or_each(st.integers(1, 2)),
        "norm_num_groups": groups,
        "norm_eps": draw(st.sampled_from([1e-5, 1e-6])),
        "down_block_types": ["CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if one else "UpBlock2D" for one in draw(st.permutations(attends))],
        "mid_block_type": draw(st.sampled_from(["UNetMidBlock2DCrossAttn", None])),
        "attention_head_dim": one_or_each(st.sampled_from([1, 2, 4])),
        "cross_attention_dim": draw(st.sampled_from([3, 8])),
        "transformer_layers_per_block": one_or_each(st.integers(1, 2)),
        "only_cross_attention": one_or_each(st.booleans()),
        "use_linear_projection": draw(st.booleans()),
        "upcast_attention": draw(st.booleans()),
        "num_class_embeds": draw(st.sampled_from([None, 5])),
        "resnet_time_scale_shift": draw(st.sampled_from(["default", "scale_shift"])),
        "flip_sin_to_cos": draw(st.booleans()),
        "freq_shift": draw(st.integers(0, 1)),
        "downsample_padding": draw(st.integers(0, 1)),
        "mid_block_scale_factor": draw(st.sampled_from([1, 1.5])),
    }


@settings(max_examples=20, deadline=None)
@given(config=unets(), words=st.integers(1, 5), seed=st.integers(0, 99))
def test_unets_are_those_of_diffusers(config, words, seed) -> None:
    theirs = shaken(diffusers.UNet2DConditionModel(**config), seed)
    ours = LatentUNet(diffusers_unet("a test", dict(theirs.config)))
    assign(ours, theirs.state_dict(), "diffusers")
    torch.manual_seed(seed)
    x, context = torch.randn(2, config["in_channels"], 8, 12), torch.randn(2, words, config["cross_attention_dim"])
    t = torch.tensor([3.0, 801.25])
    labels = None if config["num_class_embeds"] is None else torch.tensor([0, 4])
    with torch.no_grad():
        close(ready(ours)(x, t, context, labels), theirs(x, t, context, labels).sample)


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


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"addition_embed_type": "text_time"}, "addition_embed_type = 'text_time' is not supported; supported: None"),
        ({"attention_head_dim": [5, 10]}, "has 2 entries, and there are 4 levels"),
        ({"down_block_types": ["SimpleCrossAttnDownBlock2D"] * 4}, "a block 'SimpleCrossAttnDownBlock2D' is not"),
        ({"act_fn": "tanh"}, "act_fn = 'tanh' is not supported"),
        ({"heads": 3}, "heads = 3 is not known"),
    ],
)
def test_unsupported_configurations_are_refused(config, says) -> None:
    with pytest.raises(RecipeError, match=says.replace("[", r"\[")):
        diffusers_unet("unet/config.json", config)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"_class_name": "VQModel", "norm_type": "spatial"}, "norm_type = 'spatial' is not supported"),
        ({"latents_mean": [0.0]}, "latents_mean"),
        ({"down_block_types": ["DownBlock"]}, "DownBlock"),
    ],
)
def test_unsupported_first_stages_are_refused(config, says) -> None:
    with pytest.raises(RecipeError, match=says):
        diffusers_autoencoder("vae/config.json", config)
