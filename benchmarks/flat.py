"""Memory and time that must not grow: ``python benchmarks/flat.py jobs``, ``samples`` or ``cost``.

- ``jobs``: resident memory of a driver and of its worker, a process, over the jobs of a sweep.
- ``samples``: that of one run over all its samples, which are not written: a day of sampling in some minutes.
- ``cost``: processor time of a sample, alone and at the beginning and at the end of a run of many.

Memory is told as a ratio to that after the first tenth, when all is read and every cache has been used.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from killing import workers_of
from made_sweeps import RECIPE, written
from superpose import Tally, compose, load, load_sweep, make, sweep
from superpose.running.job import Job

SMALL = """
    prompt = "A"
    model = {kind = "MODEL"}
    scheduler = {kind = "ddim", steps = STEPS}
    run = {threads = 1, batch_size = ROWS, at_once = AT_ONCE, samples = SAMPLES}
"""


def resident(process: int | str = "self") -> int:
    """Resident memory of a process, in kB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def told(what: str, seen: list[tuple[int, int]], count: int) -> None:
    """Print the ratio to the memory after a tenth."""
    first = next(kilobytes for number, kilobytes in seen if number >= count // 10)
    most = max(kilobytes for number, kilobytes in seen if number >= count // 10)
    print(f"{what:<8}{first / 1024:8.1f} MB after a tenth, {seen[-1][1] / first:.3f} of it at the end, ", end="")
    print(f"{most / first:.3f} at most", flush=True)


def jobs(folder: Path, count: int) -> None:
    """Memory of a driver and its worker."""
    import os

    axes = f'[sweep.axes]\n"run.seed" = {{range = [0, {count}]}}\n'
    recipe = written(folder, axes, RECIPE.replace("samples = 2", "samples = 1"))
    driver: list[tuple[int, int]] = []
    worker: list[tuple[int, int]] = []

    def watch(tally: Tally) -> None:
        if tally.made and tally.made % max(1, count // 100) == 0:
            driver.append((tally.made, resident()))
            worker.extend((tally.made, resident(number)) for number in workers_of(os.getpid()))

    executor = make("executor", "processes", workers=1)
    tally = sweep(load_sweep(recipe), folder / "out", executor=executor, device="cpu", watch=watch).tally
    print(f"{tally.made} jobs, {len(tally.failed)} failed")
    told("driver", driver, count)
    told("worker", worker, count)


def drawn(folder: Path, model: str, count: int, steps: int = 4, rows: int = 4, at_once: int = 1) -> Iterator[int]:
    """Numbers of the samples of a run that is composed here, as they are made."""
    told = {"MODEL": model, "STEPS": steps, "ROWS": rows, "AT_ONCE": at_once, "SAMPLES": count}
    text = SMALL
    for name, value in told.items():
        text = text.replace(name, str(value))
    recipe = load(written(folder, "", text, f"{count}.toml"))
    job = Job.begun(recipe, compose(recipe), folder)
    return (number for number, _ in enumerate(job.drawings(job.samples), 1))


def samples(folder: Path, count: int) -> None:
    """Memory of one run."""
    every = max(1, count // 100)
    seen = [
        (number, resident())
        for number in drawn(folder, "mixture", count, steps=2, rows=64, at_once=64)
        if number % every == 0
    ]
    print(f"{count} samples")
    told("run", seen, count)


def cost(folder: Path, count: int) -> None:
    """Processor time of a sample: of the first tenth of a run, of the last, and alone."""
    for _ in drawn(folder, "glyphs", 20):
        pass  # caches
    gc.collect()
    times, began = [], time.process_time()
    for _ in drawn(folder, "glyphs", count):
        now = time.process_time()
        times.append(now - began)
        began = now
    tenth = count // 10
    first, last = statistics.median(times[1:tenth]), statistics.median(times[-tenth:])
    alone = []
    for _ in range(20):
        run = drawn(folder, "glyphs", 1)
        began = time.process_time()
        next(run)
        alone.append(time.process_time() - began)
    print(f"{count} samples, a sample of the first tenth {1000 * first:.2f} ms, of the last {last / first:.3f} of it")
    print(f"a run of one sample, once it is composed, {statistics.median(alone) / first:.3f} of it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("jobs", "samples", "cost"))
    parser.add_argument("--count", type=int, help="jobs (2,000), samples (50,000) or samples (2,000)")
    given = parser.parse_args()
    measure, usual = {"jobs": (jobs, 2000), "samples": (samples, 50_000), "cost": (cost, 2000)}[given.what]
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given.count or usual)


if __name__ == "__main__":
    main()
