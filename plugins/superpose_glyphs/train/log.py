"""The record of a training run: a CSV row every few steps, a line that lives, a picture of the loss."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import TextIO

from PIL import Image, ImageDraw

from superpose import replacing

#: Steps averaged in one row.
ROW = 25


class Log:
    """Losses of a run, kept in a CSV file that a resumed run continues.

    Arguments:
        path: The CSV file; rows after ``step`` are forgotten, their steps are about to be run again.
        step: Steps done.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        self.rows = [row for row in _read(path) if row[0] <= step]
        self._recent: list[float] = []
        self._since = self._shown = time.monotonic()
        self._rate = 0.0

    def add(self, step: int, loss: float, lr: float, images: int) -> None:
        """Note the loss of a step; every ROW steps make one row."""
        self._recent.append(loss)
        if len(self._recent) == ROW:
            now = time.monotonic()
            self._rate = images * ROW / (now - self._since)
            self.rows.append((step, sum(self._recent) / ROW, lr, self._rate))
            self._recent, self._since = [], now

    def show(self, stream: TextIO, step: int, steps: int, images: int) -> None:
        """Write the progress line: over itself on a terminal, once a minute elsewhere."""
        live, now = stream.isatty(), time.monotonic()
        if not self.rows or (now - self._shown < (0.5 if live else 60)):
            return
        self._shown = now
        rate = self._rate or self.rows[-1][3]
        left = (steps - step) * images / rate
        line = f"step {step}/{steps}  loss {self.rows[-1][1]:.5f}  {rate:.0f} images/s  {left / 60:.0f} min left"
        stream.write(f"\r{line}  " if live else f"{line}\n")
        stream.flush()

    def write(self) -> None:
        """Write the CSV file and, beside it, the picture."""
        with replacing(self.path) as path, path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("step", "loss", "lr", "images_per_second"))
            writer.writerows((step, f"{loss:.6f}", f"{lr:.3e}", f"{rate:.1f}") for step, loss, lr, rate in self.rows)
        if len(self.rows) > 1:
            with replacing(self.path.with_suffix(".png")) as path:
                curve([(row[0], row[1]) for row in self.rows]).save(path, format="PNG")


def curve(points: list[tuple[int, float]], size: tuple[int, int] = (800, 400), margin: int = 50) -> Image.Image:
    """A picture of losses over steps: each row pale, their running mean dark."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    steps, losses = [p[0] for p in points], [p[1] for p in points]
    low, high = min(losses), max(losses)
    wide, tall = size[0] - 2 * margin, size[1] - 2 * margin

    def place(step: int, loss: float) -> tuple[float, float]:
        x = margin + wide * (step - steps[0]) / max(1, steps[-1] - steps[0])
        return x, size[1] - margin - tall * (loss - low) / max(1e-9, high - low)

    smooth, mean = [], 0.0
    for i, (step, loss) in enumerate(points, 1):
        mean += max(0.05, 1 / i) * (loss - mean)
        smooth.append(place(step, mean))
    draw.line([place(*point) for point in points], fill="#c8d4e8")
    draw.line(smooth, fill="#203864", width=2)
    draw.rectangle((margin, margin, size[0] - margin, size[1] - margin), outline="#888888")
    for text, at in ((f"{high:.4f}", (4, margin)), (f"{low:.4f}", (4, size[1] - margin - 10))):
        draw.text(at, text, fill="black")
    draw.text((margin, size[1] - margin + 8), f"step {steps[0]}", fill="black")
    draw.text((size[0] - margin - 60, size[1] - margin + 8), f"step {steps[-1]}", fill="black")
    draw.text((margin, margin - 18), f"loss, now {mean:.5f}", fill="black")
    return image


def _read(path: Path) -> list[tuple[int, float, float, float]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return [(int(step), float(loss), float(lr), float(rate)) for step, loss, lr, rate in rows]
