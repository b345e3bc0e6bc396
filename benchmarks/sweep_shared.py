"""What jobs save that share an inversion: ``python benchmarks/sweep_shared.py``, in processor time of one thread.

The same jobs, which differ in their seeds alone, are done by one worker that keeps what the network has done, and by
one that forgets it after each.
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
from superpose import load, load_sweep, run
from superpose.running.sweep import worker
from superpose.running.sweep.plan import planned

SOURCE = """
    prompt = "A"
    model = {kind = "glyphs"}
    scheduler = {kind = "ddim", steps = 20}
    run = {samples = 1, threads = 1}
"""
RECIPE = (
    SOURCE.replace('prompt = "A"', 'prompt = "V"')
    + """
    [[constraint]]
    kind = "inversion"
    prompt = "A"
    image = "source/0000.png"
"""
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=16)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        run(load(written(path, "", SOURCE, "source.toml")), path / "source")
        recipe = written(path, f'[sweep.axes]\n"run.seed" = {{range = [0, {jobs}]}}\n', RECIPE)
        plan = planned(load_sweep(recipe))
        spent: dict[bool, list[float]] = {True: [], False: []}
        for keeps, times in spent.items():
            out = path / str(keeps)
            out.mkdir()
            for job in plan.jobs:
                order = worker.Order(str(out), job.job, job.recipe, job.samples, "cpu", job.costs.stages)
                if not keeps and worker._networks is not None and worker._networks.shared is not None:
                    worker._networks.shared.forget([])
                began = time.process_time()
                worker.work(order.to_json())
                times.append(time.process_time() - began)
            images = sorted(out.glob("jobs/*/0*.png"))
            print(
                f"{len(images)} jobs, kept: {keeps}, median {statistics.median(times[1:]):.3f} s of the processor each"
            )
        same = all(
            (path / "True" / it.relative_to(path / "False")).read_bytes() == it.read_bytes()
            for it in (path / "False").glob("jobs/*/0*.png")
        )
        ratio = statistics.median(spent[True][1:]) / statistics.median(spent[False][1:])
        print(f"a job that shares takes {ratio:.2f} of one that does not; same bytes: {same}")


if __name__ == "__main__":
    main()
