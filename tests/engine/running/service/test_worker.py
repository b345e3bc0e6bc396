"""A worker makes what its task's recipe says, tells it, and ends when nobody listens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from served import PLAIN
from superpose.running.lock import locked
from superpose.running.service import worker
from superpose.running.service.screening import Bounds


def started(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "superpose.running.service.worker", str(folder), "--samples", "4", "--rows", "64"]
    command += ["--device", "cpu"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(lines: str) -> list[str]:
    return [json.loads(line)["event"] for line in lines.splitlines()]


def test_it_tells_what_it_makes_and_goes_on_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.toml").write_text(PLAIN + "samples = 3\nat_once = 1\n")
    for _ in range(2):
        worker.carry_out(tmp_path, Bounds(), (), "cpu")
        (tmp_path / "images" / "0001.png").unlink()
    first, second = capsys.readouterr().out.split('"made"')[:2]
    assert first.count('"image"') == 3
    assert '"pending": 1' in second
    assert second.count('"image"') == 1


def test_it_ends_when_nobody_listens_and_keeps_its_state(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(PLAIN.replace("steps = 2", "steps = 900") + "samples = 4\n")
    with started(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        while json.loads(process.stdout.readline())["event"] != "step":
            pass
        process.stdin.close()
        process.stdout.read()
        assert process.wait() == 3
    assert [*(tmp_path / "images").glob(".superpose-*.state.safetensors")]


def test_a_recipe_that_is_wrong_is_told_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(PLAIN + "samples = 5\n")
    with started(tmp_path) as process:
        assert process.stdout is not None
        [line] = process.stdout.read().splitlines()
        assert process.wait() == 2
    assert json.loads(line)["errors"] == [
        "recipe:6:1: run.samples: 5 is more than this service allows: write at most 4"
    ]


def test_it_waits_for_the_worker_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    with locked(tmp_path) as held:
        monkeypatch.setattr(worker, "PATIENCE", 0.0)
        monkeypatch.setattr(worker.time, "sleep", waited.append)
        with pytest.raises(worker.RunError, match="another run"):
            worker._wait_for(tmp_path)
        assert held is None
    worker._wait_for(tmp_path)
