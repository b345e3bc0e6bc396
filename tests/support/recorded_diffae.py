"""The recorded runs of the diffusion autoencoder's program: files, tolerances, noise."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

import superpose

FIXTURES = Path(__file__).parents[1] / "fixtures"


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
