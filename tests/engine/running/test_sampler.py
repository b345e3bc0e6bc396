"""Batches are sampled stage after stage; one that was saved comes first, as it was, and goes on from its state."""

import pytest
import torch

from superpose import compose, loads
from superpose.running.keeping import Batch, keep
from superpose.running.sampler import Sampler

RECIPE = """
prompt = "A"
model = {kind = "glyphs-ldm"}
scheduler = {kind = "ddim", steps = 3}
"""


@pytest.fixture
def composition():
    return compose(loads(RECIPE))


def test_batches_have_the_size_that_was_asked_for(composition, tmp_path):
    assert Sampler(composition.stages, tmp_path, "run", 2).batches((4, 5, 7)) == [(4, 5), (7,)]
    assert Sampler(composition.stages, tmp_path, "run", 2).batches(()) == []


def test_decoding_is_left_to_the_caller(composition, tmp_path, monkeypatch):
    want = composition.trajectory((1, 3)).run()
    decoded = []
    predictor = composition.stages[0].predictor
    decode = type(predictor).decode
    monkeypatch.setattr(type(predictor), "decode", lambda self, x: decoded.append(len(x)) or decode(self, x))
    finish, told = Sampler(composition.stages, tmp_path, "run", 2).sampled((1, 3), ())
    assert decoded == []
    assert torch.equal(finish(), want)
    assert decoded == [1, 1]
    assert [*told] == [{}, {}]


def test_a_check_is_made_after_every_step_and_ends_the_run(composition, tmp_path):
    made = []

    def check():
        made.append(True)
        if len(made) == 2:
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        Sampler(composition.stages, tmp_path, "run", 2).sampled((0,), (), check)
    assert len(made) == 2


def test_a_saved_batch_comes_first_goes_on_and_is_forgotten(composition, tmp_path):
    plain = Sampler(composition.stages, tmp_path, "run", 2)
    stage = composition.stages[0]
    trajectory = stage.trajectory((2, 3))
    assert keep(trajectory.step(trajectory.start()), plain._state, Batch("run", (2, 3), 0), stage.scheduler)
    assert plain.batches((0, 1, 2, 3)) == [(0, 1), (2, 3)], "a run that does not go on reads none"
    again = Sampler(composition.stages, tmp_path, "run", 2, resume=True)
    assert again.batches((0, 1, 2, 3)) == [(2, 3), (0, 1)]
    steps = []
    finish, _ = again.sampled((2, 3), (), lambda: steps.append(True))
    assert len(steps) == 2, "the first step was made already"
    assert torch.equal(finish(), trajectory.run())
    again.forget((0, 1))
    assert again.batches((0, 1, 2, 3))[0] == (2, 3), "the state of others was forgotten"
    again.forget((2, 3))
    assert not [*tmp_path.iterdir()]
