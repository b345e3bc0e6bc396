"""The sites of our own networks, by their laws on checkpoints in the original formats."""

import json
from pathlib import Path

import pytest
import torch

import superpose
from superpose.testing.law import figures
from superpose.testing.taps import ROWS, site_laws
from superpose_deepfloyd.embeddings import write
from superpose_networks import AttentionBlock, Tappable
from superpose_networks.loading import ready

FIXTURES = Path(__file__).parents[2] / "fixtures"
MODELS = {
    "df_d_stable_diffusion": ("stable-diffusion", {"path": "pipeline"}, "the cat", 12),
    "df_h_dit": ("dit", {"path": "pipeline"}, "3", 4),
    "df_a_unet2d_ddpm": ("ddpm", {"path": "pipeline"}, "1", 8),
    "ldm_b_class_kl": ("ldm", {"path": "model.ckpt", "config": "config.yaml"}, "1", 12),
    "gd_a_unet_cc_legacyattn": (
        "guided-diffusion",
        {"path": "model.pt", "size": 16, "betas": "linear", "head_width": 16, "order": "legacy"}, "1", 14,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MODELS)
def test_every_family_keeps_the_laws_of_sites(case):
    kind, options, prompt, count = MODELS[case]
    paths = {name: FIXTURES / case / value if name in ("path", "config") else value for name, value in options.items()}
    model = superpose.make("model", kind, **paths)
    predictor = model.load()
    assert model.sites == predictor.sites, "what is known before the weights is not what is loaded"
    assert len(predictor.sites) == count
    found = figures(site_laws(predictor, prompt))
    assert found["is-read-for-nothing"] == 0
    assert found["edits-keep-samples"] == 0, "our own layers keep rows apart to the last bit"
    assert found["answers-by-its-probabilities"] < 1e-5


@pytest.mark.parametrize(("case", "kind"), [("df_f_if_stage1", "deepfloyd"), ("df_g_if_stage2", "deepfloyd-upscaler")])
def test_deepfloyds_stages_keep_them(case, kind, tmp_path):
    folder, texts = FIXTURES / case / "pipeline", tmp_path / "texts.safetensors"
    config = json.loads((folder / "unet" / "config.json").read_text())
    width = config["encoder_hid_dim"] or config["cross_attention_dim"]
    states = torch.randn(2, 5, width, generator=torch.Generator().manual_seed(0))
    write(texts, ["a cat", ""], states, torch.ones(2, 5))
    predictor = superpose.make("model", kind, path=folder, embeddings=texts).load()
    kinds = {site.kind for site in predictor.sites}
    assert kinds <= {"joint", "cross", "block"}
    assert "block" in kinds
    laid = None
    if kind == "deepfloyd-upscaler":
        laid = predictor.conditioning(torch.zeros(ROWS, 3, 4, 4), lambda *_: torch.zeros(ROWS, *predictor.shape))
    found = figures(site_laws(predictor, "a cat", laid))
    assert found["is-read-for-nothing"] == 0


def test_sites_have_the_names_of_their_modules():
    made = ready(torch.nn.ModuleDict({"deep": torch.nn.ModuleDict({"one": AttentionBlock(32, 8)})}))
    one = made["deep"]["one"]
    assert (one.site, one.block) == (superpose.Site("deep.one", "self"), superpose.Site("deep.one", "block"))
    assert superpose.sites_in(made) == (one.site, one.block)


def test_what_is_not_ready_has_no_names():
    assert superpose.sites_in(AttentionBlock(32, 8)) == ()
    assert Tappable("self").site is None
