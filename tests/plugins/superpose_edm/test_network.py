"""EDM's networks equal their formulas, and OpenAI's where the two are one."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restated_edm import Restated, Weights
from superpose_adm.layout import Heads, Layout
from superpose_adm.network import ADM
from superpose_edm.config import EDMConfig
from superpose_edm.loading import edm_names
from superpose_edm.network import EDMUNet, Song
from superpose_networks import assign

shared = {
    "img_resolution": st.sampled_from([8, 16]),
    "num_blocks": st.integers(1, 2),
    "channel_mult": st.lists(st.integers(1, 2), min_size=1, max_size=3),
    "attn_resolutions": st.sets(st.sampled_from([16, 8, 4])).map(sorted),
    "label_dim": st.sampled_from([0, 3]),
}
songs = st.fixed_dictionaries(
    shared
    | {
        "model_channels": st.sampled_from([8, 16]),
        "embedding_type": st.sampled_from(["positional", "fourier"]),
        "channel_mult_noise": st.integers(1, 2),
        "encoder_type": st.sampled_from(["standard", "skip", "residual"]),
        "decoder_type": st.sampled_from(["standard", "skip"]),
        "resample_filter": st.sampled_from([[1, 1], [1, 3, 3, 1]]),
    }
)
dhariwals = st.fixed_dictionaries(shared | {"model_channels": st.sampled_from([16, 64])})


def config_of(said: dict[str, Any], preconditioning: str = "EDMPrecond") -> EDMConfig:
    return EDMConfig.from_mapping({"preconditioning": preconditioning, "img_channels": 3} | said, "a file")


def agrees(said: dict[str, Any], seed: int) -> None:
    torch.manual_seed(seed)
    config, weights, size = config_of(said), Weights(), said["img_resolution"]
    x, noise = torch.randn(2, 3, size, size), torch.tensor([-0.7, 1.3])
    classes = torch.eye(3)[:2] if said["label_dim"] else None
    options = {key: value for key, value in said.items() if key not in ("model_type", "label_dim")}
    with torch.inference_mode():
        want = Restated(weights, said["model_type"], config.written, **options)(x, noise, classes)
        network = (Song if config.song else EDMUNet)(config).eval()
        assign(network, edm_names(dict(weights), config), "a file")
        got = network(x, noise, classes)
    torch.testing.assert_close(got, want, atol=2e-5 * float(want.abs().max()), rtol=1e-4)


@settings(max_examples=14, deadline=None)
@given(said=songs, seed=st.integers(0, 99))
def test_the_score_sdes_networks(said: dict[str, Any], seed: int) -> None:
    agrees(said | {"model_type": "SongUNet"}, seed)


@settings(max_examples=6, deadline=None)
@given(said=dhariwals, seed=st.integers(0, 99))
def test_openais_network(said: dict[str, Any], seed: int) -> None:
    agrees(said | {"model_type": "DhariwalUNet"}, seed)


def test_openais_network_is_that_of_guided_diffusion() -> None:
    """From 128 channels on, where the group norms are the same."""
    said = {"model_channels": 128, "channel_mult": [1, 2], "num_blocks": 1, "attn_resolutions": [4], "label_dim": 5}
    ours = EDMUNet(config_of(said | {"img_resolution": 8})).eval()
    layout = Layout(
        channels=128, widths=(128, 256), blocks=1, attention=frozenset({1}), in_channels=3, out_channels=3, classes=5,
        scale_shift=True, residual=True,
    )  # fmt: skip
    theirs = ADM(layout, Heads(width=64)).eval()
    weights = ours.state_dict()
    weights["class_embedding.weight"] = weights["class_embedding.weight"].T
    theirs.load_state_dict(weights)
    x, t, labels = torch.randn(2, 3, 8, 8), torch.tensor([3.0, 500.0]), torch.tensor([1, 4])
    with torch.inference_mode():
        torch.testing.assert_close(ours(x, t, torch.eye(5)[labels]), theirs(x, t, labels), atol=1e-5, rtol=1e-4)
