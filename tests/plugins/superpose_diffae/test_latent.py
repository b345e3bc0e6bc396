"""The latent process: codes that are drawn and moved as the original does."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import superpose
from superpose_diffae.attributes import read_classifier
from superpose_diffae.loading import load_statistics
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
def b():
    return Case("da_b_latent")


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


def test_drawing(b, latent):
    noise = b.inputs["latent_noise"]
    drawn = latent.encode_prompt.networks.latent.sample(DDIM, lambda purpose="step": noise[:, :, None, None])
    b.check(latent_sample_normalised=drawn)
    codes = latent.encode_prompt.draw(lambda purpose="step": noise)
    b.check(image_from_latent=decode(latent, codes, b.inputs["x_T"]))


def test_moving_along_an_attribute(b, latent):
    code = latent.encode_prompt.semantic(b.inputs["image"])
    averaged = read_classifier(b.folder / "cls.ckpt", average=True)
    moved = code + 0.3 * latent.encode_prompt.networks.classifier.direction(2)
    plan = DDIM.plan(latent.schedule)
    hidden = superpose.invert(shown(latent, code), b.inputs["image"], plan)
    b.check(
        z_sem=code,
        z_manipulated=moved,
        z_manipulated_ema=code + 0.3 * averaged.direction(2),
        classifier_logits_ema=averaged.logits(code),
        manipulated_image=(decode(latent, moved, hidden) + 1) / 2,
    )


def test_statistics_are_the_same_wherever_they_are_stored(b):
    files = (load_statistics(b.folder / name, 20, "cpu") for name in ("last.ckpt", "latent.pkl"))
    for one, other in zip(*files, strict=True):
        torch.testing.assert_close(one, other)
