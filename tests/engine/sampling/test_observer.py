"""Observers see every step and change nothing; one may stop the run, and one that fails is dropped."""

from types import SimpleNamespace

import pytest
import torch

from superpose import (
    make,
    prompted,
    trajectory,
)
from superpose.testing.predictors import TinyPredictor


def a_run():
    model = TinyPredictor((3, 8, 8))
    return trajectory(prompted(model, "cat"), make("scheduler", "ddim", steps=6), model, samples=2, batch_size=2)


class TestObservers:
    def test_they_see_every_step_and_change_nothing(self):
        seen = []
        watched = a_run().run([SimpleNamespace(see=seen.append)])
        assert torch.equal(watched, a_run().run())
        assert [step.index for step in seen] == list(range(6))
        assert all(step.total == 6 for step in seen)
        assert seen[-1].there.sigma == 0
        assert all(step.clean.shape == step.x.shape for step in seen)

    def test_one_that_fails_is_reported_once_and_dropped(self):
        calls = []

        def fail(step):
            calls.append(step.index)
            raise ValueError("no screen")

        with pytest.warns(UserWarning, match="observer SimpleNamespace failed and is dropped: no screen"):
            image = a_run().run([SimpleNamespace(see=fail)])
        assert calls == [0]
        assert torch.equal(image, a_run().run())

    def test_stop_ends_the_run_with_the_clean_image_of_that_step(self):
        seen = []

        def see(step):
            seen.append(step)
            return "stop" if step.index == 2 else None

        image = a_run().run([SimpleNamespace(see=see)])
        assert len(seen) == 3
        assert torch.equal(image, seen[-1].clean)
