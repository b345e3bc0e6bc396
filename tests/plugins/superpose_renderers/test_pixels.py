"""Pixels are the plain run bit for bit."""

import pytest
import torch
from PIL import Image

from superpose import make, prompted, trajectory
from superpose.testing.predictors import TinyPredictor

SHAPE = (3, 8, 8)


@pytest.mark.parametrize("options", [{"method": "adam", "rate": 0.05}, {"rate": 0.5, "visits": "scattered"}])
@pytest.mark.parametrize("kind", ["sds", "dds"])
def test_they_are_the_plain_run(kind, options, tmp_path):
    Image.new("RGB", (8, 8), (200, 40, 90)).save(tmp_path / "image.png")
    options |= {"image": tmp_path / "image.png", "source": "dog", "prompt": "cat"} if kind == "dds" else {}
    network = TinyPredictor(SHAPE)
    runs = [
        trajectory(prompted(network, "cat"), make("scheduler", kind, steps=6, **options, **more), network, samples=2)
        for more in ({}, {"renderer": make("renderer", "pixels")})
    ]
    states = [run.start() for run in runs]
    for _ in range(6):
        assert torch.equal(states[0].x, states[1].x)
        states = [run.step(state) for run, state in zip(runs, states, strict=True)]
    assert torch.equal(states[0].x, states[1].x)
    assert torch.equal(runs[0].finish(states[0]), runs[1].finish(states[1]))
