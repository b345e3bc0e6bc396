"""What every task keeps: its questions are a function of data, plan and step, its loss is one number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

from made_glyphs import squares
from superpose import RecipeError
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.task import Task
from superpose_glyphs.train.tasks import TASKS

PLAN = Plan(steps=4, batch=2, warmup=2, hold_out=0)
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))


@EVERY_TASK
def test_questions_are_functions_of_seed_and_step(task: type[Any], tmp_path: Path) -> None:
    images, _ = Images.read(squares(tmp_path / "data.npz", task.side))
    one, same, other = (task().batch(images, attrs.evolve(PLAN, seed=seed), 3) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])


@EVERY_TASK
def test_another_step_has_other_questions_of_the_size_of_the_plan(task: type[Any], tmp_path: Path) -> None:
    images, _ = Images.read(squares(tmp_path / "data.npz", task.side))
    one, other = (task().batch(images, PLAN, step) for step in (3, 4))
    assert not torch.equal(one[0], other[0])
    assert {len(part) for part in one} == {PLAN.batch}


@EVERY_TASK
def test_weights_to_go_on_from_are_read_by_whoever_says_so_and_by_nobody_else(task: type[Any], tmp_path: Path) -> None:
    following = task(after=tmp_path / "none")
    if task.follows:
        with pytest.raises((RecipeError, OSError), match="none"):
            following.network()
    else:
        following.network()


def test_names_are_those_that_tasks_are_found_by() -> None:
    assert all(issubclass(task, Task) and task.name == name for name, task in TASKS.items())


def test_a_task_shows_letters_unless_it_is_told_otherwise() -> None:
    task = TASKS["glyphs"]()
    assert task.subject == Subject()
    assert task.after is None
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        task.after = Path()
    with pytest.raises(TypeError, match="abstract"):
        Task()  # type: ignore[abstract]
