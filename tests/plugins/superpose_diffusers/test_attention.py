"""Taps at the attention of diffusers' own networks."""

from pathlib import Path

import pytest
import torch

import superpose
from superpose.testing.law import figures
from superpose.testing.taps import Mean, site_laws
from superpose_diffusers.attention import name_sites

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.mark.parametrize(("case", "prompt"), [("df_d_stable_diffusion", "the cat"), ("df_h_dit", "3")])
def test_plain_attention_keeps_the_laws_of_sites(case, prompt):
    model = superpose.make("model", "diffusers", path=FIXTURES / case / "pipeline")
    predictor = model.load()
    assert model.sites == predictor.sites
    found = figures(site_laws(predictor, prompt))
    assert found["is-read-for-nothing"] == 0


@pytest.mark.parametrize(("case", "own"), [("df_d_stable_diffusion", "stable-diffusion"), ("df_h_dit", "dit")])
def test_a_tap_does_the_same_to_theirs_and_to_ours(case, own):
    path, prompt = FIXTURES / case / "pipeline", {"dit": "3"}.get(own, "the cat")
    theirs, ours = (superpose.make("model", kind, path=path).load() for kind in ("diffusers", own))
    assert set(theirs.sites) == set(ours.sites)
    x = torch.randn(2, *ours.shape, generator=torch.Generator().manual_seed(0))
    level = ours.schedule.level(0, 500)
    got, want, plain = (
        superpose.Tapped(superpose.prompted(network, prompt), taps)(x, level).clean
        for network, taps in ((theirs, (Mean(),)), (ours, (Mean(),)), (ours, ()))
    )
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(plain, want, atol=1e-2)


def test_other_processors_are_left_alone():
    """Words and places side by side: who is what, nobody says."""
    import diffusers

    with torch.device("meta"):
        network = diffusers.FluxTransformer2DModel(
            in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8),
        )  # fmt: skip
    before = {name: type(one) for name, one in network.attn_processors.items()}
    name_sites(network)
    assert superpose.sites_in(network) == ()
    assert {name: type(one) for name, one in network.attn_processors.items()} == before
