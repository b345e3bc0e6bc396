"""The most memory that loading a model takes, over what the loaded networks hold, in a process of its own.

Counted is what is resident, pages of mapped files included, from before ``load`` until it returns.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any

import attrs

import superpose


def resident(what: str) -> int:
    """Bytes that are resident now (``VmRSS``), or were at most (``VmHWM``)."""
    # Not getrusage, whose peak begins at that of the program that started this one.
    found = re.search(rf"{what}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found[1])


def held() -> int:
    """Bytes of the parameters and buffers of every network there is."""
    import torch

    networks = [one for one in gc.get_objects() if isinstance(one, torch.nn.Module)]
    tensors = [one for network in networks for one in (*network._parameters.values(), *network._buffers.values())]
    storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors if one is not None}
    return sum(storages.values())


def measure(kind: str, options: dict[str, Any], dtype: str) -> tuple[int, int]:
    """Bytes that loading took at most, and that are held afterwards."""
    files = {key: Path(value) for key, value in options.items() if Path(str(value)).is_absolute()}
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # or what is left of the checkpoint before would serve this one
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = resident("VmRSS")
    predictor: Any = superpose.make("model", kind, **options | files).load(dtype=dtype)
    if kind == "deepfloyd":
        predictor.condition("")  # which reads the text encoder, where there is one
    peak = resident("VmHWM") - before
    return peak, held()


@attrs.define
class Meter:
    """A process that measures; what it imports and what its libraries set up count for the first checkpoint alone."""

    _process: subprocess.Popen[str] = attrs.field(init=False)

    def __enter__(self) -> Meter:
        # The allocator is told to give freed memory back at once: what is measured is what is held, not what it hoards.
        environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def __call__(self, kind: str, options: dict[str, Any], dtype: str) -> tuple[int, int]:
        """What `measure` says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([kind, options, dtype]) + "\n")
        self._process.stdin.flush()
        peak, weights = json.loads(self._process.stdout.readline())
        return peak, weights


#: Of ``prctl``: no huge pages, which a system may give or not, and which count whole where little of them is used.
PR_SET_THP_DISABLE = 41

if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)
    warnings.simplefilter("ignore")
    for order in sys.stdin:
        sys.stdout.write(json.dumps(measure(*json.loads(order))) + "\n")
        sys.stdout.flush()
