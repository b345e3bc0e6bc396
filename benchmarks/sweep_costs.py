"""What a sweep costs beside sampling, in processor time, which a busy machine does not change much.

``python benchmarks/sweep_costs.py --jobs 2000`` prints, for each job: planning it, handing it out and taking note of
its result, putting its folder in place, and looking at it again in a second start; and the bytes that it leaves.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from made_sweeps import RECIPE, written
from simulated import Simulated
from superpose import load_sweep
from superpose.recipe import SweepOptions
from superpose.running.sweep.driver import Driver
from superpose.running.sweep.folder import SweepFolder
from superpose.running.sweep.plan import planned, read_plan
from superpose.running.sweep.tally import Tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        recipe = written(path, f'[sweep.axes]\n"run.seed" = {{range = [0, {jobs}]}}\n', RECIPE)
        planned(load_sweep(recipe))  # imports, and the inspection that all jobs share

        def told(what: str, began: float) -> None:
            print(f"{what:<28}{1000 * (time.process_time() - began) / jobs:8.3f} ms a job")

        began = time.process_time()
        plan = planned(load_sweep(recipe))
        told("planning", began)
        plan.write(path)
        began = time.process_time()
        planned(load_sweep(recipe), read_plan(path))
        told("planning again", began)
        sweep = SweepFolder(path)
        pool = Simulated(sweep, deaths=0.05)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        Driver(sweep, pool, SweepOptions(retries=20), Tally(jobs), device="cpu").drive(plan.jobs)
        told("handing out and publishing", began)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        began = time.process_time()
        assert all(sweep.finished(job.job) for job in plan.jobs)
        told("looking at it again", began)
        print(f"{'plan':<28}{(path / 'sweep.jsonl').stat().st_size / jobs:8.0f} bytes a job")
        print(f"{'memory of the driver':<28}{1024 * grown / jobs:8.0f} bytes a job more at its peak")
        busy = pool.useful / (pool.size * pool.now)
        print(f"{pool.size} simulated workers: {busy:.1%} busy, {pool.deaths} deaths, {pool.now / 3600:.2f} hours")


if __name__ == "__main__":
    main()
