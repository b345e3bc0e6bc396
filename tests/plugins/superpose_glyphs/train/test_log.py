"""The record of a training: rows of a file, a line, a picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from superpose_glyphs.train.log import ROW, Log, curve


def test_log_forgets_what_will_be_run_again(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.csv", 0)
    for step in range(1, 76):
        log.add(step, 1 / step, 1e-3, 2)
    log.write()
    assert [row[0] for row in Log(tmp_path / "log.csv", 50).rows] == [25, 50]
    assert (tmp_path / "log.png").stat().st_size > 0
    assert curve([(25, 0.1), (50, 0.1)]).size == (800, 400)


def test_a_row_is_the_mean_of_its_steps(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.csv", 0)
    for step in range(1, 2 * ROW):
        log.add(step, float(step), step / 1000, 2)
    log.write()
    with (tmp_path / "log.csv").open(newline="") as file:
        head, row = csv.reader(file)
    assert head == ["step", "loss", "lr", "images_per_second"]
    assert row[:3] == ["25", f"{sum(range(1, 26)) / 25:.6f}", "2.500e-02"]
    assert not (tmp_path / "log.png").exists()  # of one row no line can be drawn


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "seconds", "lines"), [(Terminal, 0.6, 2), (io.StringIO, 0.6, 0), (io.StringIO, 61, 2)]
)
def test_the_line_is_written_over_itself_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], seconds: float, lines: int
) -> None:
    now = [100.0]
    monkeypatch.setattr("superpose_glyphs.train.log.time.monotonic", lambda: now[0])
    log, out = Log(tmp_path / "log.csv", 0), stream()
    log.show(out, 1, 100, 4)
    assert not out.getvalue(), "no row yet, and so nothing to say"
    now[0] += 50  # for a row of 25 steps of 4 images
    for step in range(1, ROW + 1):
        log.add(step, 0.25, 1e-3, 4)
    log._shown = now[0]
    for _ in range(2):
        now[0] += seconds
        log.show(out, ROW, 85, 4)
    said = out.getvalue()
    assert said.count("step 25/85  loss 0.25000  2 images/s  2 min left") == lines
    assert said.startswith("\r") == (stream is Terminal)


def test_a_curve_falls_where_the_loss_does() -> None:
    picture = np.asarray(curve([(25 * i, 1 / i) for i in range(1, 40)]))
    ink = (picture == (32, 56, 100)).all(-1)
    columns = [np.flatnonzero(ink[:, x]).mean() for x in range(60, 740, 40)]
    assert np.all(np.diff(columns) > 0), "later is further down"
