"""The number of rows that is measured to be fastest, and that a replay need not measure."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from superpose import Recipe, loads, run
from superpose.cli import main
from superpose.media.png import read_origin
from superpose.running import tuning
from superpose.running.tuning import candidates, tuned

RECIPE = """
prompt = "A"
model = {kind = "glyphs"}
scheduler = {kind = "ddim", steps = 2}
guidance = {kind = "cfg", scale = 2.0}
run = {samples = 6, threads = 1}
"""
CASCADE = RECIPE + '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddpm", steps = 2}\n'


@pytest.mark.parametrize(
    ("rows", "samples", "tried"),
    [
        (1, 1, [4]),
        (2, 6, [4, 8, 12]),
        (3, 16, [4, 8, 16, 32, 48]),
        (6, 1, [6]),
        (2, 4096, [4, 8, 16, 32, 64, 128, 256, 512]),
    ],
)
def test_rows_are_tried_from_those_of_one_sample_to_those_of_all(rows: int, samples: int, tried: list[int]) -> None:
    assert [*candidates(rows, samples)] == tried


def with_times(monkeypatch: pytest.MonkeyPatch, times: dict[int, float]) -> None:
    """A machine on which a step takes so many seconds by the rows of a forward pass; without memory for others."""

    def seconds(stage: object, *_: object) -> float:
        rows = stage.batch_size  # type: ignore[attr-defined]
        if rows not in times:
            raise torch.OutOfMemoryError
        return times[rows]

    monkeypatch.setattr(tuning, "_seconds", seconds)


def chosen(recipe: str) -> tuple[int, list[int]]:
    told: list[int] = []
    made: Recipe = tuned(loads(recipe), "cpu", lambda rows, _: told.append(rows))
    return made.run.batch_size, told


@pytest.mark.parametrize(
    ("times", "best"),
    [({4: 3, 8: 1, 12: 2}, 8), ({4: 3, 8: 2}, 8), ({4: 1, 8: 1, 12: 1}, 4), ({4: 3, 8: 3, 12: 1}, 12)],
)
def test_the_fastest_is_chosen_of_those_that_fit(
    monkeypatch: pytest.MonkeyPatch, times: dict[int, float], best: int
) -> None:
    with_times(monkeypatch, times)
    assert chosen(RECIPE) == (best, [*times])


def test_every_stage_of_a_cascade_is_really_run() -> None:
    told: list[tuple[int, float]] = []
    made = tuned(loads(CASCADE), "cpu", lambda rows, seconds: told.append((rows, seconds)))
    assert [rows for rows, _ in told] == [4, 8, 12]
    assert all(seconds > 0 for _, seconds in told)
    assert made.run.batch_size == min(told, key=lambda it: it[1])[0]


def test_what_was_chosen_is_in_the_images_and_the_recipe_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_times(monkeypatch, {4: 2, 8: 1, 12: 3})
    (tmp_path / "recipe.toml").write_text(RECIPE)
    out = tmp_path / "out"
    given = ["run", str(tmp_path / "recipe.toml"), "--samples", "6", "--device", "cpu"]
    assert main([*given, "--out", str(out), "--tune"]) == 0
    assert "run.batch_size = 8 it is" in capsys.readouterr().err
    assert "batch_size = 8\n" in read_origin(out / "0000.png").recipe
    assert "batch_size = 8\n" in (out / "recipe.toml").read_text()
    again = run(loads((out / "recipe.toml").read_text()), tmp_path / "again", device="cpu").images
    assert [path.read_bytes() for path in again] == [(out / path.name).read_bytes() for path in again]


@pytest.mark.parametrize(
    ("more", "says"), [(["--resume"], "goes on"), (["--set", "run.batch_size=8"], "leave out one")]
)
def test_it_is_refused_where_the_rows_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    assert main(["run", str(tmp_path / "recipe.toml"), "--out", str(tmp_path / "out"), "--tune", *more]) == 2
    assert says in capsys.readouterr().err
