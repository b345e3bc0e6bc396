"""Jobs of a cluster: the laws with submitit's own executor on this machine, and the script of an array as text."""

import sys

import pytest

from made_sweeps import images_of, swept
from superpose import Needs, RecipeError, make
from superpose.running.sweep.sweeping import sweep
from superpose.running.trial import trial
from superpose.testing import check_executor

submitit = pytest.importorskip("submitit")


@pytest.fixture
def local(tmp_path):
    return make("executor", "slurm", cluster="local", workers=2, folder=str(tmp_path / "logs"))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # submitit leaves the processes that it has started to Python
def test_the_laws(local):
    assert check_executor(local) == {"each-task-once": 0.0, "outlives-workers": 0.0}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_sweep_has_the_images_of_one_in_this_process(local, tmp_path):
    axes = '[sweep.axes]\n"run.seed" = [0, 1]\n'
    assert sweep(swept(tmp_path, axes), tmp_path / "out", executor=local).tally.made == 2
    sweep(swept(tmp_path, axes), tmp_path / "inline", executor=make("executor", "inline"))
    assert images_of(tmp_path / "out") == images_of(tmp_path / "inline")
    assert not list((tmp_path / "logs").glob("*.pkl"))


def test_the_script_of_an_array_asks_for_what_a_job_needs(tmp_path, monkeypatch):
    monkeypatch.setattr(submitit.SlurmExecutor, "affinity", classmethod(lambda cls: 2))
    executor = make("executor", "slurm", partition="gpu", workers=8, minutes=30, gpus=1)
    made = submitit.AutoExecutor(folder=tmp_path, cluster="slurm")
    made.update_parameters(**executor.parameters(Needs(threads=3)))
    made._executor.parameters["map_count"] = 100
    script = made._executor._make_submission_file_text("python -m work", "one").splitlines()
    for line in (
        "#SBATCH --array=0-99%8",
        "#SBATCH --cpus-per-task=3",
        "#SBATCH --gpus-per-node=1",
        "#SBATCH --partition=gpu",
        "#SBATCH --time=30",
        "#SBATCH --job-name=superpose",
    ):
        assert line in script, "\n".join(script)
    assert script[0] == "#!/bin/bash"


def test_without_slurm_or_submitit_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RecipeError, match="there is no Slurm here"):
        make("executor", "slurm", folder=str(tmp_path)).start(trial, Needs())
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(RecipeError, match=r"superpose\[slurm\]"):
        make("executor", "slurm").start(trial, Needs())
