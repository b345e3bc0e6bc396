"""Two workers over one, and what a job costs beside its sampling: ``python benchmarks/sweep_workers.py``.

One thread each, on a machine with two cores that nobody else uses, for less than four minutes. Both numbers of workers
make the same jobs, turn by turn. Time runs from the first job that is done, when all workers have started, to the last.
What a worker does beside sampling hardly depends on how long that takes: its seconds are told, and as a share of a job
of half a minute.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from made_sweeps import written
from superpose import Tally, load_sweep, make, sweep

RECIPE = """
    prompt = "A"

    [model]
    kind = "glyphs"

    [scheduler]
    kind = "ddim"
    steps = STEPS

    [run]
    samples = 16
    threads = 1
"""


def made(recipe: Path, out: Path, workers: int) -> tuple[float, float]:
    """Jobs a second, and the seconds of a job in which its worker was not sampling."""
    seen: list[tuple[float, int, float]] = []

    def watch(tally: Tally) -> None:
        if tally.made:
            seen.append((time.perf_counter(), tally.made, tally.seconds))

    sweep(load_sweep(recipe), out, executor=make("executor", "processes", workers=workers), device="cpu", watch=watch)
    # Until every worker has done one, some may still be starting.
    (began, first, sampled), (ended, last, all_sampled) = seen[workers - 1], seen[-1]
    return (last - first) / (ended - began), (workers * (ended - began) - (all_sampled - sampled)) / (last - first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--steps", type=int, default=120, help="more make longer jobs")
    given = parser.parse_args()
    ratios, beside = [], []
    with tempfile.TemporaryDirectory() as folder:
        axes = f'[sweep.axes]\n"run.seed" = {{range = [0, {given.jobs}]}}\n'
        recipe = written(Path(folder), axes, RECIPE.replace("STEPS", str(given.steps)))
        for turn in range(given.turns):
            one, idle = made(recipe, Path(folder, f"{turn}-one"), 1)
            two, _ = made(recipe, Path(folder, f"{turn}-two"), 2)
            ratios.append(two / one)
            beside.append(idle)
            print(f"a job of {1 / one:.2f} s; two workers make {two / one:.3f} times as many as one; ", end="")
            print(f"{idle:.3f} s of a job not sampling, {idle / 30:.2%} of one of 30 s", flush=True)
    idle = statistics.median(beside)
    print(
        f"medians: {statistics.median(ratios):.3f} times; not sampling {idle:.3f} s, {idle / 30:.2%} of a job of 30 s"
    )


if __name__ == "__main__":
    main()
