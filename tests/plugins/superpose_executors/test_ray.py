"""Tasks on Ray: the laws on a real cluster, images of a sweep, and a node that is taken away in the middle."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import slow_work
from made_sweeps import images_of, left_over, swept
from slow_work import slow
from superpose import Needs, RecipeError, make
from superpose.running.sweep.sweeping import sweep
from superpose.testing import check_executor

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of its sockets and processes


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two nodes on this machine, with a processor each; nothing of it is written into the home of anybody."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("PYTHONPATH", str(Path(slow_work.__file__).parent))  # nodes import work by its name
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        made.second = made.add_node(num_cpus=1)
        made.wait_for_nodes()
        yield made
        ray.shutdown()
        made.shutdown()


def test_the_laws(cluster):
    executor = make("executor", "ray", address=cluster.address, workers=2)
    assert check_executor(executor) == {"each-task-once": 0.0, "outlives-workers": 0.0}
    assert not ray.is_initialized()


def test_a_sweep_has_the_images_of_one_in_this_process(cluster, tmp_path):
    executor = make("executor", "ray", address=cluster.address)
    tally = sweep(swept(tmp_path), tmp_path / "out", executor=executor).tally
    assert (tally.made, tally.failed) == (6, {})
    sweep(swept(tmp_path), tmp_path / "inline", executor=make("executor", "inline"))
    assert images_of(tmp_path / "out") == images_of(tmp_path / "inline")
    assert left_over(tmp_path / "out") == []
    collected = sweep(swept(tmp_path), tmp_path / "collected", executor=executor, collect=True).tally
    assert (collected.made, collected.failed) == (6, {})
    assert images_of(tmp_path / "collected") == images_of(tmp_path / "inline")


def test_a_node_that_is_taken_away_loses_its_task_and_no_other(cluster):
    with make("executor", "ray", address=cluster.address).start(slow, Needs(device="cpu")) as pool:
        assert pool.size == 2
        waiting = {str(number) for number in range(12)}
        for task in sorted(waiting):
            pool.submit(task, "")
        nodes, removed = set(), False
        end = time.monotonic() + 180
        while waiting and time.monotonic() < end:
            for result in pool.results(1.0):
                if result.report is None:
                    assert result.lost, result
                    pool.submit(result.task, "")
                else:
                    waiting.remove(result.task)
                    nodes.add(result.report)
            if len(nodes) == 2 and not removed:
                cluster.remove_node(cluster.second)
                removed = True
        assert removed
        assert waiting == set()


def test_nothing_of_ray_is_imported_unasked():
    script = "import sys, superpose; superpose.make('executor', 'ray'); assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    with pytest.raises(RecipeError, match=r"superpose\[ray\]"):
        make("executor", "ray").start(slow, Needs())
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
