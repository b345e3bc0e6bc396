"""The queue on the disk: in order, whole after a kill, and nobody's name leads out of it."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest

from superpose.running.service.tasks import Tasks


@pytest.fixture
def tasks(tmp_path: Path) -> Tasks:
    made = Tasks(tmp_path / "tasks")
    made.recover()
    return made


def test_tasks_come_back_in_the_order_of_arrival(tasks: Tasks) -> None:
    added = [tasks.add(f"# {number}\n", number) for number in range(5)]
    assert [*Tasks(tasks.root)] == added
    assert [task.number for task in added] == [1, 2, 3, 4, 5]
    assert [tasks.recipe(task) for task in added] == [f"# {number}\n" for number in range(5)]
    assert len({task.id for task in added}) == 5


def test_what_ran_is_queued_again_and_what_had_ended_is_left(tasks: Tasks) -> None:
    running, ended = tasks.add("", 1), tasks.add("", 1)
    tasks.keep(attrs.evolve(running, state="running"))
    tasks.keep(attrs.evolve(ended, state="failed", errors=("no",)))
    tasks.recover()
    assert [(task.id, task.state) for task in tasks] == [(running.id, "queued"), (ended.id, "failed")]
    assert [json.loads(event)["event"] for event in tasks.events(running)] == ["queued", "queued"]
    assert len(tasks.events(ended)) == 1


def test_half_an_event_and_half_a_task_are_nobodys(tasks: Tasks) -> None:
    task = tasks.add("", 1)
    with (tasks.folder(task.id) / "events.jsonl").open("a") as file:
        file.write('{"event": "ima')
    (tasks.root / ("f" * 16)).mkdir()
    assert len(tasks.events(task)) == 1
    tasks.recover()
    tasks.tell(task.id, {"event": "image"})
    assert [json.loads(event)["event"] for event in tasks.events(task)] == ["queued", "image"]
    assert [path.name for path in tasks.root.iterdir()] == [task.id]


@pytest.mark.parametrize("name", ["", ".", "..", "../tasks", "f" * 15, "F" * 16, "f" * 16, "/etc/passwd", "\0"])
def test_no_name_leads_out(tasks: Tasks, name: str) -> None:
    tasks.add("", 1)
    assert tasks.get(name) is None


def test_images_are_finished_ones_alone(tasks: Tasks) -> None:
    task = tasks.add("", 1)
    assert tasks.images(task) == []
    images = tasks.folder(task.id) / "images"
    images.mkdir()
    for name in ("0000.png", "10000.png", "sheet.png", "sheet-2.png", "recipe.toml", ".superpose.lock", "x.png"):
        (images / name).touch()
    assert tasks.images(task) == ["0000.png", "10000.png", "sheet-2.png", "sheet.png"]
    assert tasks.image(task, "0000.png") == images / "0000.png"
    assert tasks.image(task, "../task.json") is tasks.image(task, "recipe.toml") is None


def test_a_task_goes_with_all_its_files(tasks: Tasks) -> None:
    tasks.remove(tasks.add("", 1))
    assert not [*tasks]
    assert not [*tasks.root.iterdir()]
