"""A sweep under fire: a worker or the driver is killed again and again, and every image is there in the end.

``python benchmarks/sweep_kills.py --jobs 1000 --every 10`` makes the sweep once in peace and once while, after every
so many images, a process of it is killed, then a third time with nothing left to do. It prints what was killed, whether
all bytes are those of the run in peace, what else is left, and the seconds of each.

``--executor ray`` starts a Ray of two workers on this machine, which outlives the drivers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from killing import CALL, made_under_fire, ray_workers, start, workers_of
from made_sweeps import RECIPE, images_of, left_over, written

#: A machine may be busy: Ray takes silence for death after seconds.
PATIENCE = {
    "raylet_start_wait_time_s": "300",
    "gcs_rpc_server_reconnect_timeout_s": "300",
    "gcs_server_request_timeout_seconds": "300",
    "health_check_initial_delay_ms": "60000",
    "health_check_timeout_ms": "120000",
}


@contextmanager
def ray_here() -> Iterator[str]:
    """A Ray of two workers on this machine; gives its address."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
        for name, value in PATIENCE.items():
            os.environ.setdefault(f"RAY_{name}", value)
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
        try:
            yield cluster.address
        finally:
            cluster.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--every", type=int, default=10, help="images between two kills")
    parser.add_argument("--executor", default="processes:2")
    given = parser.parse_args()
    if given.executor != "ray":
        measure(given.jobs, given.every, given.executor)
        return
    with ray_here() as address:
        measure(given.jobs, given.every, f"ray:{address}")


def measure(jobs: int, every: int, executor: str) -> None:
    """Make a sweep in peace, under fire and once more, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        axes = f'[sweep]\nretries = 100\n[sweep.axes]\n"run.seed" = {{range = [0, {jobs}]}}\n'
        recipe = written(Path(folder), axes, RECIPE.replace("samples = 2", "samples = 1"))
        peace, war = Path(folder, "peace"), Path(folder, "war")
        began = time.perf_counter()
        start(recipe, peace, "--executor", "inline").communicate()
        print(f"in peace     {len(images_of(peace))} images in {time.perf_counter() - began:.1f} s")
        war.mkdir()
        began = time.perf_counter()
        found = ray_workers if executor.startswith("ray") else workers_of
        workers, drivers = made_under_fire(recipe, war, ["--executor", executor], every, workers_of=found)
        print(f"under fire   {len(images_of(war))} images in {time.perf_counter() - began:.1f} s, ", end="")
        print(f"{workers} workers and {drivers} drivers killed")
        print(f"same bytes   {images_of(war) == images_of(peace)}, left over: {left_over(war) or 'nothing'}")
        began = time.perf_counter()
        command = [sys.executable, "-c", CALL, "sweep", str(recipe), "--out", str(war)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"a second start  {time.perf_counter() - began:.2f} s: {done.stderr.strip()}")


if __name__ == "__main__":
    main()
