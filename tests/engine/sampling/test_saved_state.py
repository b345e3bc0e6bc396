"""States in files: whatever a scheduler may remember comes back as it was, and nothing else does."""

from typing import NamedTuple

import attrs
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose import NoiseLevel, Plan, RecipeError, RunError, Scheduler
from superpose.sampling.loop import State
from superpose.sampling.saved_state import load_state, save_state


class Past(NamedTuple):
    """What is remembered."""

    level: NoiseLevel
    estimate: torch.Tensor


@attrs.frozen(kw_only=True)
class Remembering(Scheduler):
    """Remembers."""

    kind = "remembering"
    memory = Past

    def plan(self, schedule):
        return Plan.of([schedule.level(0, 1.0), NoiseLevel(1, -1.0, 1.0, 0.0)])

    def step(self, denoise, x, here, there, state, noise, jumped):
        return x, state


SCHEDULER = Remembering()
PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=5)
TENSORS = st.lists(st.floats(-9, 9, width=32), max_size=3).map(torch.tensor)
LEVELS = st.builds(NoiseLevel, st.integers(0, 9), st.floats(0, 9), st.floats(0, 1), st.floats(0, 1))
MEMORIES = st.recursive(
    PLAIN | TENSORS | LEVELS | st.builds(Past, LEVELS, TENSORS), lambda inner: st.lists(inner, max_size=3).map(tuple)
)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@settings(max_examples=60, deadline=None)
@given(MEMORIES, st.booleans(), st.frozensets(st.tuples(st.integers(0, 3), st.sampled_from(["plan", "after"]))))
def test_there_and_back(tmp_path_factory, memory, jumped, fired):
    path = tmp_path_factory.mktemp("state") / "state.safetensors"
    clean = torch.ones(1, 1, 2, 2)
    state = State(3, clean * 2, memory, jumped, clean, fired, ((0, 1, clean),))
    save_state(state, path, about="whose", scheduler=SCHEDULER)
    read, about = load_state(path, SCHEDULER)
    assert about == "whose"
    assert (read.step, read.jumped, read.fired) == (3, jumped, fired)
    assert same(read.memory, memory)
    assert torch.equal(read.x, state.x)
    assert same(read.denoiser_memory, state.denoiser_memory)


def test_names_that_share_memory_are_two_tensors(tmp_path):
    x = torch.zeros(1, 1, 4, 4)
    save_state(State(1, x, (x, x[..., ::2])), tmp_path / "s.safetensors")
    read, _ = load_state(tmp_path / "s.safetensors", SCHEDULER)
    assert read.memory[1].shape == (1, 1, 4, 2)


class Elsewhere(NamedTuple):
    """Of a class that the scheduler does not name."""

    x: int


@pytest.mark.parametrize("wrong", [{1: 2}, {1, 2}, object(), float, (1, [object()])])
def test_what_could_not_be_read_is_not_written(wrong, tmp_path):
    with pytest.raises(RunError, match=r"remembers .*, which can't be saved: remember tensors"):
        save_state(State(1, torch.zeros(1), wrong), tmp_path / "s.safetensors", scheduler=SCHEDULER)
    assert not (tmp_path / "s.safetensors").exists()


def test_a_named_tuple_of_nobody(tmp_path):
    stranger = type("Past", (tuple,), {"_fields": (), "__module__": "somewhere"})()
    with pytest.raises(RunError, match=r"remembers somewhere\.Past: say memory = Past in it"):
        save_state(State(1, torch.zeros(1), stranger), tmp_path / "s.safetensors", scheduler=SCHEDULER)


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 20])
def test_no_state_is_refused(content, tmp_path):
    path = tmp_path / "s.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"s\.safetensors: (no such file|not a saved state of remembering)"):
        load_state(path, SCHEDULER)
