"""A hundred workers that die at random, and slow disks: nothing is lost or made twice, and little waits."""

import pytest

from simulated import Simulated
from superpose.recipe import SweepOptions
from superpose.running.sweep.driver import Driver
from superpose.running.sweep.folder import SweepFolder
from superpose.running.sweep.plan import Costs, PlannedJob
from superpose.running.sweep.tally import Tally


def jobs(count):
    return [PlannedJob(f"job{i}", [i], [{"run.seed": i}], "", 0, Costs(1, 1, [])) for i in range(count)]


@pytest.mark.parametrize("deaths", [0.0, 0.05, 0.3])
def test_every_job_is_done_once_and_workers_rarely_wait(tmp_path, deaths):
    folder = SweepFolder(tmp_path)
    pool = Simulated(folder, deaths=deaths, seed=int(100 * deaths))
    tally = Driver(folder, pool, SweepOptions(retries=20), Tally(1500), device="cpu").drive(jobs(1500))
    assert (tally.made, tally.failed, tally.differing, tally.left) == (1500, {}, [], 0)
    assert all(folder.finished(f"job{i}") for i in range(1500))
    assert (pool.deaths > 0) == (deaths > 0)
    assert sum(pool.begun.values()) <= 1500 + pool.deaths  # only what was lost is begun again
    busy = pool.useful / (pool.size * pool.now)
    assert busy > 0.85 - deaths, f"workers are busy {busy:.0%} of the time"
