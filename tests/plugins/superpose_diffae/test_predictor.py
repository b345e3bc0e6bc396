"""The recorded runs of the original program: networks, codes in and out, drawing and moving along an attribute."""

import torch

import superpose
from recorded_diffae import DDIM, decode, shown
from superpose import Condition


@torch.no_grad()
def test_networks(a, b, autoencoder, latent):
    x, t, z = a.inputs["x"], a.inputs["t"], a.inputs["z"]
    seen = autoencoder.encode_prompt.semantic(a.inputs["image"])
    network = autoencoder.network
    a.check(z_sem=seen, eps=network(x, t, z), eps_from_x_start=network(x, t, seen), stylespace=network.styles(seen))
    b.check(latent_eps=latent.encode_prompt.networks.latent.network(b.inputs["z_t"], b.inputs["t"]))


def test_codes_in_and_out(a, autoencoder):
    seen = autoencoder.encode_prompt.semantic(a.inputs["image"])
    plan = DDIM.plan(autoencoder.schedule)
    hidden = superpose.invert(shown(autoencoder, seen), a.inputs["image"], plan)
    a.check(
        x_T_stochastic=hidden,
        reconstruction=(decode(autoencoder, seen, hidden) + 1) / 2,
        decode_z_xT=(decode(autoencoder, a.inputs["z"], a.inputs["x_T"]) + 1) / 2,
    )


def test_the_condition_of_a_prompt_is_the_code(a, autoencoder):
    """Row by row through prompts, conditions and the engine's answerer, the same numbers come out."""
    for row in range(2):
        image = a.inputs["image"][row : row + 1]
        told = superpose.Prompted(autoencoder, Condition("me", {"code": autoencoder.encode_prompt.semantic(image)}))
        hidden = superpose.invert(superpose.Clipped(told, autoencoder.clip), image, DDIM.plan(autoencoder.schedule))
        about = a.about["outputs"]["x_T_stochastic"]
        torch.testing.assert_close(hidden, a.outputs["x_T_stochastic"][row : row + 1], atol=about["atol"], rtol=1e-4)
