"""Any configuration that diffusers builds gives diffusers' own numbers here, or is refused by name.

Values are drawn for every key that the class has, those included that no published file uses.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

from superpose import RecipeError
from superpose_networks import UNet2D, UNet2DConfig, assign, ready
from superpose_networks.latent import Autoencoder, DiT, LatentUNet, diffusers_autoencoder, diffusers_dit, diffusers_unet

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

SIDE, DRAWS, CHANGES = 8, 24, 3
Draw = random.Random


def levels(draw: Draw, plain: str, *others: str) -> tuple[list[str], list[str]]:
    """Block types of the way down and of the way up, of one to three levels."""
    count = draw.randint(1, 3)
    names = [plain] * 3 + [*others]
    pick = [draw.choice(names) for _ in range(2 * count)]
    return [name.replace("*", "Down") for name in pick[:count]], [name.replace("*", "Up") for name in pick[count:]]


def plain_unet(draw: Draw) -> dict[str, Any]:
    down, up = levels(draw, "*Block2D", "Attn*Block2D", "Attn*Block2D", "Resnet*sampleBlock2D")
    return {
        "sample_size": SIDE, "in_channels": 3, "down_block_types": down, "up_block_types": up,
        "block_out_channels": [8 * draw.randint(1, 2) for _ in down], "norm_num_groups": 4, "layers_per_block": 1,
    }  # fmt: skip


def text_unet(draw: Draw) -> dict[str, Any]:
    down, up = levels(draw, "*Block2D", *["CrossAttn*Block2D"] * 5, "Attn*Block2D")
    return {
        "sample_size": SIDE, "in_channels": 3, "out_channels": 3, "down_block_types": down, "up_block_types": up,
        "block_out_channels": [8 * draw.randint(1, 2) for _ in down], "norm_num_groups": 4, "layers_per_block": 1,
        "cross_attention_dim": 6, "attention_head_dim": 2,
    }  # fmt: skip


def first_stage(draw: Draw) -> dict[str, Any]:
    down, up = levels(draw, "*X", "Attn*X")
    down = [name.replace("X", "EncoderBlock2D") for name in down]
    up = [name.replace("X", "DecoderBlock2D") for name in up]
    return {
        "down_block_types": down, "up_block_types": up, "norm_num_groups": 4,
        "block_out_channels": [8 * draw.randint(1, 2) for _ in down],
    }  # fmt: skip


def transformer(draw: Draw) -> dict[str, Any]:
    return {
        "sample_size": SIDE, "num_layers": draw.randint(1, 2), "attention_head_dim": 4,
        "num_attention_heads": draw.randint(1, 3), "in_channels": 3, "num_embeds_ada_norm": 5,
    }  # fmt: skip


ACTIVATIONS = ["silu", "swish", "SiLU", "mish", "gelu", "relu"]
#: What each key may be changed to, by class.
PLAIN: dict[str, list[Any]] = {
    "center_input_sample": [True], "time_embedding_type": ["fourier", "learned"], "time_embedding_dim": [12],
    "freq_shift": [1], "flip_sin_to_cos": [False], "mid_block_type": [None, "UNetMidBlock2D"],
    "layers_per_block": [2], "mid_block_scale_factor": [1.5], "downsample_padding": [0],
    "downsample_type": ["resnet", None], "upsample_type": ["resnet", None], "dropout": [0.1], "act_fn": ACTIVATIONS,
    "attention_head_dim": [1, 3, None], "norm_num_groups": [2, None], "attn_norm_num_groups": [2], "norm_eps": [1e-3],
    "resnet_time_scale_shift": ["scale_shift", "spatial"], "add_attention": [False], "num_train_timesteps": [10],
    "class_embed_type": ["timestep", "identity"], "num_class_embeds": [5], "out_channels": [6], "sample_size": [None],
}  # fmt: skip
TEXT: dict[str, list[Any]] = {
    **{key: PLAIN[key] for key in (
        "center_input_sample", "time_embedding_dim", "freq_shift", "flip_sin_to_cos", "layers_per_block",
        "mid_block_scale_factor", "downsample_padding", "dropout", "act_fn", "norm_num_groups", "norm_eps",
        "resnet_time_scale_shift", "class_embed_type", "num_class_embeds", "out_channels", "sample_size",
    )},
    "mid_block_type": [None, "UNetMidBlock2D", "UNetMidBlock2DSimpleCrossAttn"], "only_cross_attention": [True],
    "attention_head_dim": [1, 3, 8], "transformer_layers_per_block": [2], "use_linear_projection": [True],
    "dual_cross_attention": [True], "num_attention_heads": [2], "upcast_attention": [True],
    "resnet_skip_time_act": [True], "resnet_out_scale_factor": [1.3], "time_embedding_type": ["fourier"],
    "time_embedding_act_fn": ["silu"], "timestep_post_act": ["silu"], "conv_in_kernel": [1], "conv_out_kernel": [1],
    "mid_block_only_cross_attention": [True], "cross_attention_norm": ["layer_norm"], "attention_type": ["gated"],
    "class_embeddings_concat": [True], "time_cond_proj_dim": [4],
}  # fmt: skip
KL: dict[str, list[Any]] = {
    "in_channels": [1], "out_channels": [1, 4], "act_fn": ACTIVATIONS, "latent_channels": [2], "norm_num_groups": [2],
    "layers_per_block": [2], "scaling_factor": [0.7], "shift_factor": [0.2], "latents_mean": [[0.1] * 4],
    "latents_std": [[2.0] * 4], "force_upcast": [False], "use_quant_conv": [False], "use_post_quant_conv": [False],
    "mid_block_add_attention": [False],
}  # fmt: skip
VQ: dict[str, list[Any]] = {
    **{key: KL[key] for key in ("in_channels", "out_channels", "act_fn", "layers_per_block", "scaling_factor")},
    "num_vq_embeddings": [7], "vq_embed_dim": [3], "norm_type": ["spatial"], "lookup_from_codebook": [True],
    "force_upcast": [True], "mid_block_add_attention": [False], "norm_num_groups": [2], "latent_channels": [2],
}  # fmt: skip
DIT: dict[str, list[Any]] = {
    "out_channels": [6], "dropout": [0.1], "norm_num_groups": [2], "attention_bias": [False], "patch_size": [1, 4],
    "activation_fn": ["gelu", "geglu", "gelu-approximate"], "upcast_attention": [True], "norm_eps": [1e-3],
    "norm_type": ["ada_norm_zero"], "norm_elementwise_affine": [True], "num_embeds_ada_norm": [9],
}  # fmt: skip


def plain_numbers(theirs: Any, config: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    network = UNet2D(UNet2DConfig.from_mapping(config))
    x, t = torch.randn(2, 3, SIDE, SIDE), torch.tensor([3, 7])
    labels = torch.randn(2, theirs.time_embedding.linear_2.out_features)
    kind, count = config["class_embed_type"], config["num_class_embeds"]
    told = {None: t % 5 if count else None, "timestep": t, "identity": labels}[kind]
    return taken(network, theirs)(x, t, told), theirs(x, t, told).sample


def text_numbers(theirs: Any, config: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    network = LatentUNet(diffusers_unet("config.json", config))
    x, t, words = torch.randn(2, 3, SIDE, SIDE), torch.tensor([3, 7]), torch.randn(2, 4, 6)
    labels = t % 5 if config["num_class_embeds"] else None
    return taken(network, theirs)(x, t, words, labels), theirs(x, t, words, labels).sample


def coded_numbers(theirs: Any, config: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    shape = diffusers_autoencoder("config.json", config)
    network = taken(Autoencoder(shape), theirs)
    x = torch.randn(2, config["in_channels"], 4 * SIDE, 4 * SIDE)
    said = theirs.encode(x)
    want = said.latents if hasattr(said, "latents") else said.latent_dist.mode()
    decoded = theirs.decode(want).sample
    shift, scale = config.get("shift_factor") or 0.0, config["scaling_factor"]
    got = network.encode(x)
    return torch.cat([got.flatten(), network.decode(got).flatten()]), torch.cat(
        [((want - shift) * scale).flatten(), decoded.flatten()]
    )


def patched_numbers(theirs: Any, config: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    network = taken(DiT(diffusers_dit("config.json", config)), theirs)
    x, t, labels = torch.randn(2, 3, SIDE, SIDE), torch.tensor([3, 7]), torch.tensor([0, 5])
    return network(x, t, labels), theirs(x, t, labels).sample


def taken(network: Any, theirs: Any) -> Any:
    assign(network, {name: value.clone() for name, value in theirs.state_dict().items()}, "weights")
    return ready(network)


Case = tuple[Any, Callable[[Draw], dict[str, Any]], dict[str, list[Any]], Callable[..., Any]]
CASES: dict[str, Case] = {
    "UNet2DModel": (diffusers.UNet2DModel, plain_unet, PLAIN, plain_numbers),
    "UNet2DConditionModel": (diffusers.UNet2DConditionModel, text_unet, TEXT, text_numbers),
    "AutoencoderKL": (diffusers.AutoencoderKL, first_stage, KL, coded_numbers),
    "VQModel": (diffusers.VQModel, first_stage, VQ, coded_numbers),
    "DiTTransformer2DModel": (diffusers.DiTTransformer2DModel, transformer, DIT, patched_numbers),
}


def published(cls: Any, given: dict[str, Any], seed: int) -> Any:
    """diffusers' own network of a configuration, every weight random; None where it can't be built."""
    torch.manual_seed(seed)
    try:
        network = cls(**given).eval()
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError, ZeroDivisionError):
        return None
    with torch.no_grad():
        for value in network.parameters():
            value.add_(torch.randn(value.shape) * 0.1)
    return network


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")
@torch.no_grad()
def test_their_numbers_or_a_refusal(name: str) -> None:
    cls, base, changes, numbers = CASES[name]
    wrong, compared = [], 0
    for seed in range(DRAWS):
        draw = random.Random(f"{name} {seed}")
        keys = draw.sample(sorted(changes), draw.randint(0, CHANGES))
        chosen = {key: draw.choice(changes[key]) for key in keys}
        given = base(draw) | chosen
        theirs = published(cls, given, seed)
        if theirs is None:
            continue
        config = {"_class_name": name, **theirs.config}
        try:
            got, want = numbers(theirs, config)
        except (RecipeError, ValueError) as refusal:
            named = [
                *given,
                *map(
                    repr, [*given["down_block_types"], *given["up_block_types"]] if "down_block_types" in given else []
                ),
            ]
            if not any(name in str(refusal) for name in named):
                wrong.append(f"{given}: {refusal}")
            continue
        except Exception as fault:
            wrong.append(f"{given}: {type(fault).__name__}: {fault}")
            continue
        compared += 1
        if not (got - want).abs().max() <= 2e-4 * want.abs().max():
            wrong.append(f"{given}: off by {float((got - want).abs().max() / want.abs().max()):.2g}")
    assert not wrong, "\n".join(wrong)
    assert compared >= DRAWS // 4, f"only {compared} of {DRAWS} were compared"
