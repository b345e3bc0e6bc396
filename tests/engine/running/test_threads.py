"""The number of threads is the recipe's, whatever the environment says."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from superpose.media.png import read_origin
from superpose.running.threads import threads

ROOT = Path(__file__).parents[3]


def made(out, count):
    """Bytes of the image, and a hash of its unrounded values, with so many threads in the environment."""
    code = """
import hashlib, sys
import superpose.running.job as running
taken = running.to_pixels
def seen(images):
    print(hashlib.sha256(images.numpy().tobytes()).hexdigest())
    return taken(images)
running.to_pixels = seen
from superpose import load, run
run(load(sys.argv[1], ["scheduler.steps=2", "run.samples=1", *sys.argv[3:]]), sys.argv[2], device="cpu")
"""
    recipe = ROOT / "recipes/ambigram-classifier.toml"
    environment = {**os.environ, "OMP_NUM_THREADS": str(count), "GOMP_SPINCOUNT": "10000"}
    done = subprocess.run(
        [sys.executable, "-c", code, recipe, out], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()[0], (out / "0000.png").read_bytes()


def test_threads_of_the_environment_change_no_bit(tmp_path):
    """This recipe's last bits differ between one thread and two on the machines that we have."""
    assert made(tmp_path / "one", 1) == made(tmp_path / "two", 2)
    assert "threads = 4" in read_origin(tmp_path / "one" / "0000.png").recipe


def test_the_number_is_put_back():
    before = torch.get_num_threads()
    with threads(before + 2):
        assert torch.get_num_threads() == before + 2
    assert torch.get_num_threads() == before
