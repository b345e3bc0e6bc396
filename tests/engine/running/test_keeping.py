"""States of a batch under way: read by the batch that wrote them alone, and a failure to save is told once."""

import warnings

import pytest
import torch

from superpose import Notice, make
from superpose.running import keeping
from superpose.running.keeping import Batch, Keeper, batch_of, keep, saved
from superpose.sampling.loop import State

BATCH = Batch("run", (0, 3), 1)
DDIM = make("scheduler", "ddim")
CPU = torch.device("cpu")


def state(step=2):
    return State(step, torch.full((2, 3, 4, 4), float(step)))


def test_a_state_is_read_by_its_own_batch(tmp_path):
    path = tmp_path / "state.safetensors"
    assert keep(state(), path, BATCH, DDIM)
    read = saved(path, BATCH, DDIM, CPU)
    assert read.step == 2
    assert torch.equal(read.x, state().x)
    for other in (Batch("other", (0, 3), 1), Batch("run", (0,), 1), Batch("run", (0, 3), 0)):
        assert saved(path, other, DDIM, CPU) is None
    assert batch_of(path, "run") == BATCH
    assert batch_of(path, "other") is None


def test_none_is_there(tmp_path):
    assert saved(tmp_path / "none", BATCH, DDIM, CPU) is None
    assert batch_of(tmp_path / "none", "run") is None


def test_a_broken_one_is_begun_again(tmp_path):
    path = tmp_path / "state.safetensors"
    path.write_bytes(b"half")
    assert batch_of(path, "run") is None
    with pytest.warns(Notice, match=r"not a saved state of ddim.*; its batch is begun again"):
        assert saved(path, BATCH, DDIM, CPU) is None


def test_what_cannot_be_saved_is_told_once(tmp_path):
    keeper = Keeper(tmp_path / "missing" / "state.safetensors", BATCH, DDIM)
    keeper.keep(state())
    with pytest.warns(Notice, match="the steps of this batch are not saved, and a kill would lose them"):
        keeper.save()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keeper.save()
    (tmp_path / "missing").mkdir()
    keeper.save()
    assert saved(keeper.path, BATCH, DDIM, CPU).step == 2


def test_it_saves_when_it_is_time_and_the_last_state(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(keeping.time, "monotonic", lambda: now[0])
    keeper = Keeper(tmp_path / "state.safetensors", BATCH, DDIM)
    keeper.save()
    assert not keeper.path.exists(), "nothing has been noted"
    for seconds, there in ((keeping.SAVE_EVERY, None), (keeping.SAVE_EVERY + 1, 2), (keeping.SAVE_EVERY + 2, 2)):
        now[0] = seconds
        keeper.keep(state(1 + int(seconds - keeping.SAVE_EVERY)))
        read = saved(keeper.path, BATCH, DDIM, CPU)
        assert (read and read.step) == there, f"after {seconds} seconds"
