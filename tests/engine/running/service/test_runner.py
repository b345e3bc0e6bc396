"""The queue in order, its oldest ends forgotten, its followers told."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from superpose.running.service.runner import Runner
from superpose.running.service.screening import Bounds
from superpose.running.service.tasks import Tasks

#: A worker that tells as ours does, without torch: what it makes is tested elsewhere.
SCRIPT = """
import json, sys, time
text = open(sys.argv[1] + "/recipe.toml").read()
print("a library's line", flush=True)
print(json.dumps({"event": "started"}), flush=True)
if text == "dies":
    sys.exit(9)
if text == "wrong":
    print(json.dumps({"event": "wrong", "errors": ["recipe:1:1: no"]}), flush=True)
    sys.exit(2)
if text == "waits":
    sys.stdin.read()
"""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    made = Runner(Tasks(tmp_path / "tasks"), Bounds(kept=3))
    monkeypatch.setattr(Runner, "_command", lambda _, folder: [sys.executable, "-S", "-c", SCRIPT, str(folder)])
    made.tasks.recover()
    return made


async def ended(runner: Runner, *recipes: str) -> list[str]:
    """Run recipes to their ends; how each ended."""
    running = asyncio.create_task(runner.run())
    states = []
    for task in [await runner.add(recipe, 1) for recipe in recipes]:
        events = [json.loads(event)["event"] async for _, event in runner.events(task)]
        states.append(" ".join(events))
    running.cancel()
    return states


def test_tasks_are_carried_out_in_order_and_told_to_their_end(runner: Runner) -> None:
    assert asyncio.run(ended(runner, "good", "dies", "wrong")) == [
        "queued started finished", "queued started failed", "queued started failed"
    ]  # fmt: skip
    assert [task.errors for task in runner.tasks] == [
        (), ("the worker ended unexpectedly (exit code 9)",), ("recipe:1:1: no",)
    ]  # fmt: skip


def test_the_oldest_that_have_ended_are_forgotten(runner: Runner) -> None:
    asyncio.run(ended(runner, *["good"] * 5))
    numbers = [task.number for task in runner.tasks]
    assert numbers[-1] == 5
    assert len(numbers) <= 4


def test_cancelling_before_during_and_after(runner: Runner) -> None:
    async def cancelled() -> list[str]:
        running = asyncio.create_task(runner.run())
        first, second = await runner.add("waits", 1), await runner.add("waits", 1)
        async for _, event in runner.events(first):
            if json.loads(event)["event"] == "started":
                break
        states = [(await runner.cancel(second)).state]
        now = runner.tasks.get(first.id)
        assert now is not None
        states += [(await runner.cancel(now)).state, (await runner.cancel(second)).state]
        running.cancel()
        return states

    assert asyncio.run(cancelled()) == ["cancelled"] * 3


def test_a_service_that_stops_leaves_what_ran_to_the_next(runner: Runner) -> None:
    async def stopped() -> None:
        running = asyncio.create_task(runner.run())
        task = await runner.add("waits", 1)
        async for _, event in runner.events(task):
            if json.loads(event)["event"] == "started":
                break
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(stopped())
    assert [task.state for task in runner.tasks] == ["running"]
    runner.tasks.recover()
    assert [task.state for task in runner.tasks] == ["queued"]
