"""Decoding and writing beside sampling, over all in one thread: ``python benchmarks/writing.py``, on two cores.

The same run is made turn about: images decoded and written by threads of their own while the next batch is sampled, and
by the thread that samples, one thing after the other. The bytes are compared. It is time by the clock that is saved, so
other programs on the second core make the ratio worse than it is.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import superpose
from superpose.running import job as jobs
from superpose.running.job import Job

RECIPE = """
prompt = "A"
model = {kind = "MODEL"}
scheduler = {kind = "dpmpp", steps = STEPS}
[run]
samples = SAMPLES
at_once = 4
threads = 1
"""


class AtOnce:
    """In place of the threads: what is given is done before anything else is."""

    def __init__(self, write: Callable[..., Path], _: int) -> None:
        self.write = write

    def decoded(self, act: Callable[[], Any]) -> Future[Any]:
        """Decode now."""
        future: Future[Any] = Future()
        future.set_result(act())
        return future

    def put(self, *arguments: Any) -> Iterator[Path]:
        """Write now."""
        yield self.write(*arguments)

    def then(self, act: Callable[[], None]) -> None:
        """Act now."""
        act()

    def rest(self) -> Iterator[Path]:
        """None is left."""
        return iter(())

    def check(self) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Nothing is under way."""

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def seconds(recipe: superpose.Recipe, out: Path, writer: Any) -> float:
    """Time from the first step to the last file, without reading weights."""
    jobs.Writer = writer
    with Job.of(recipe, out, device="cpu") as job:
        began = time.perf_counter()
        for _ in job.make_pending():
            pass
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--samples", type=int, default=32)
    given = parser.parse_args()
    beside = jobs.Writer
    for model, steps in (
        ("glyphs-ldm", 2),
        ("glyphs-ldm", 4),
        ("glyphs-ldm", 20),
        ("pictograms", 4),
        ("pictograms", 20),
    ):
        text = RECIPE.replace("MODEL", model).replace("STEPS", str(steps)).replace("SAMPLES", str(given.samples))
        if model == "pictograms":
            text = text.replace('"A"', '"heart"')
        recipe = superpose.loads(text)
        ratios, same = [], True
        for _ in range(given.turns):
            with tempfile.TemporaryDirectory() as folder:
                one, two = Path(folder, "one"), Path(folder, "two")
                alone = seconds(recipe, one, AtOnce)
                ratios.append(seconds(recipe, two, beside) / alone)
                images = sorted(one.glob("0*.png"))
                same &= all(path.read_bytes() == (two / path.name).read_bytes() for path in images)
        low, median, high = min(ratios), statistics.median(ratios), max(ratios)
        print(
            f"{model}, {steps} steps: {median:.2f} of the time ({low:.2f} to {high:.2f}), same bytes: {same}",
            flush=True,
        )


if __name__ == "__main__":
    main()
