"""No step of a run reads a number off a tensor: a GPU would be waited for, and idle until Python goes on."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import superpose

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.toml"))
#: What needs the values of a tensor to go on, or to know how large its answer is.
WAITS = {
    "_local_scalar_dense", "equal", "is_nonzero", "item", "masked_select", "nonzero", "unique_consecutive",
    "unique_dim", "_unique2",
}  # fmt: skip


class Waits(TorchDispatchMode):
    """Where each such operation was called from."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.removeprefix("aten::")
        masks = args[1] if name in ("index", "index_put", "index_put_") else ()
        if name in WAITS or any(it is not None and it.dtype is torch.bool for it in masks):
            ours = [
                it for it in traceback.extract_stack() if it.filename.startswith((f"{ROOT}/engine", f"{ROOT}/plugins"))
            ]
            place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}: {ours[-1].line}" if ours else "nowhere of ours"
            self.found.append(f"{name} at {place}")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_no_step_of_a_recipe_makes_a_gpu_wait(path: Path) -> None:
    stage = superpose.compose(superpose.load(path, ["run.samples=2", "run.threads=1"])).stages[0]
    trajectory = stage.trajectory(range(2))
    state = trajectory.start()
    with Waits() as waits:
        for _ in range(min(2, trajectory.steps)):
            state = trajectory.step(state)
    assert not waits.found, "\n".join(dict.fromkeys(waits.found))


@pytest.mark.parametrize("wait", [lambda x: x.sum().item(), lambda x: bool((x > 0).any()), lambda x: x[x > 0]])
def test_waiting_is_seen(wait: Any) -> None:
    with Waits() as waits:
        wait(torch.arange(3.0))
    assert waits.found
