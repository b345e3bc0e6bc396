"""Files of weights are read safely, as they are needed, and with no second copy in memory."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from superpose import RecipeError, digest, read_json
from superpose_networks import read_weights, tensor_shapes
from superpose_networks.pickled import read_checkpoint

TABLE = {"ema.a": torch.arange(6.0).view(2, 3), "ema.b": torch.ones(2, dtype=torch.float16), "raw.a": torch.zeros(1)}


@pytest.fixture(params=["a.safetensors", "a.ckpt", "old.pth"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    if path.suffix == ".safetensors":
        save_file(TABLE, path)
    else:
        torch.save({"state_dict": TABLE, "step": 3}, path, _use_new_zipfile_serialization=path.suffix == ".ckpt")
    return path


def test_names_dtypes_and_prefix(path: Path) -> None:
    found = read_weights(path, prefix="ema.")
    assert found.keys() == {"a", "b"}
    assert {value.dtype for value in found.values()} == {torch.float32}
    assert torch.equal(found["a"], TABLE["ema.a"])
    assert read_weights(path, prefix="ema.", within=("b", "c")).keys() == {"b"}
    assert read_weights(path, dtype=None)["ema.b"].dtype == torch.float16


def test_shapes_without_reading(path: Path) -> None:
    assert tensor_shapes(path) == {name: tuple(value.shape) for name, value in TABLE.items()}


def test_digest_is_of_the_file_as_it_is_now(path: Path) -> None:
    assert digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(b"other")
    assert digest(path) == hashlib.sha256(b"other").hexdigest()


def test_what_a_training_framework_leaves_is_an_empty_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lightning.ckpt"
    with monkeypatch.context() as there:  # the framework is there when the file is written, and not when it is read
        module = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")
        checkpoint = type("ModelCheckpoint", (), {"__module__": module.__name__, "best": 3})
        module.ModelCheckpoint = checkpoint  # type: ignore[attr-defined]
        there.setitem(sys.modules, "pytorch_lightning", types.ModuleType("pytorch_lightning"))
        there.setitem(sys.modules, module.__name__, module)
        written = checkpoint()
        written.monitor = "loss"
        torch.save({"state_dict": TABLE, "callbacks": {checkpoint: written}}, path)
    assert read_weights(path).keys() == TABLE.keys()
    [(key, shell)] = read_checkpoint(path)[0]["callbacks"].items()
    assert (key.__name__, shell) == ("ModelCheckpoint", {})


@pytest.mark.parametrize("name", ["a.safetensors", "a.ckpt", "config.json"])
def test_missing_files(tmp_path: Path, name: str) -> None:
    read = read_json if name.endswith(".json") else read_weights
    with pytest.raises(RecipeError, match=rf"{name}: no such file"):
        read(tmp_path / name)


MEASURE = """
import re, sys
from pathlib import Path
import torch
from superpose_networks import read_weights
def peak():  # not getrusage, whose peak begins at that of the program that started this one
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
read_weights(Path(sys.argv[2]))
before = peak()
found = read_weights(Path(sys.argv[1]))
print(1024 * (peak() - before) / sum(value.nbytes for value in found.values()))
"""


@pytest.mark.parametrize("name", ["big.safetensors", "big.ckpt"])
def test_memory_is_that_of_the_weights(tmp_path: Path, name: str) -> None:
    big = {f"layer.{i}": torch.zeros(2**21, dtype=torch.float16) for i in range(96)}  # 384 MiB once they are float32
    small = {"layer": torch.zeros(2**10, dtype=torch.float16)}
    for file, table in ((name, big), (f"small-{name}", small)):
        if name.endswith(".safetensors"):
            save_file(table, tmp_path / file)
        else:
            torch.save(table, tmp_path / file)
    command = [sys.executable, "-c", MEASURE, str(tmp_path / name), str(tmp_path / f"small-{name}")]
    # The allocator is told to give freed memory back at once: what is measured is what is held, not what it hoards.
    settings = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    ratio = float(subprocess.run(command, check=True, capture_output=True, text=True, env=settings).stdout)
    assert ratio <= 1.1, f"reading {name} took {ratio:.2f} times the memory of its weights"
