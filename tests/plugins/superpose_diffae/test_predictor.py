"""The recorded runs of the original program: networks, codes in and out, drawing and moving along an attribute."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import superpose
from superpose import Condition
from superpose_diffae.model import DiffusionAutoencoder

FIXTURES = Path(__file__).parents[2] / "fixtures"
#: What ``T = 20`` means in the original: the respacing "ddim20".
DDIM = superpose.make("scheduler", "ddim", steps=20, grid="ddim-openai")


class Case:
    """A fixture: its files, and how near a result must be."""

    def __init__(self, name):
        self.folder = FIXTURES / name
        self.about = json.loads((self.folder / "case.json").read_text())
        self.inputs = load_file(self.folder / "inputs.safetensors")
        self.outputs = load_file(self.folder / "outputs.safetensors")

    def check(self, **results):
        for name, got in results.items():
            about = self.about["outputs"][name]
            wanted, atol, rtol = self.outputs[name], about["atol"], about["rtol"]
            torch.testing.assert_close(got, wanted, atol=atol, rtol=rtol, msg=lambda said, name=name: f"{name}: {said}")


@pytest.fixture(scope="module")
def a():
    return Case("da_a_autoenc")


@pytest.fixture(scope="module")
def b():
    return Case("da_b_latent")


@pytest.fixture(scope="module")
def autoencoder(a):
    return DiffusionAutoencoder(path=a.folder / "last.ckpt").load()


@pytest.fixture(scope="module")
def latent(b):
    return DiffusionAutoencoder(path=b.folder / "last.ckpt", classifier=b.folder / "cls.ckpt").load()


class Noise:
    """Recorded noise as the start of a trajectory."""

    def __init__(self, x):
        self.x = x

    def draw(self, step, purpose="step"):
        assert (step, purpose) == (-1, "start")
        return self.x


def shown(predictor, code):
    """What each row's own code says, clipped: one denoiser for all rows."""

    class Rows(superpose.Denoiser):
        def estimate(self, x, level):
            prediction = predictor.predict(x, level, {"code": code})
            return superpose.Estimate((x - level.sigma * prediction.output) / level.alpha)
            yield []

    return superpose.Clipped(Rows(), predictor.clip)


def decode(predictor, code, noise):
    plan = DDIM.plan(predictor.schedule)
    return superpose.Trajectory(shown(predictor, code), DDIM, plan, Noise(noise)).run()


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
