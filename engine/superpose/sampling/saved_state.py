"""Saving a state and going on from it, bit for bit.

A state is tensors in a structure of plain values. The tensors go into a safetensors file, the structure into its
metadata as JSON; named tuples are remembered by name and looked up in the scheduler's own module and that of its
``memory``, so that loading a file runs no code that the program did not have.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import torch
from safetensors import SafetensorError, safe_open

from superpose.errors import RecipeError, RunError
from superpose.estimate.blame import whose
from superpose.levels.noise_level import NoiseLevel
from superpose.media.files import regular_file
from superpose.media.writing import write_tensors
from superpose.sampling.loop import State
from superpose.sampling.swarm import Particles

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.sampling.scheduler import Scheduler


def save_state(state: State, path: Path, *, about: str = "", scheduler: Scheduler | None = None) -> None:
    """Write a state to a safetensors file, whole or not at all.

    Arguments:
        about: Any text, given back by `load_state`: what the state belongs to.
        scheduler: Whose memory it has, so that what `load_state` could not read is not written.

    Raises:
        RunError: If the file can't be written, or what the scheduler remembers can't be saved.
    """
    tensors: dict[str, Tensor] = {}
    values = {field.name: getattr(state, field.name) for field in attrs.fields(State)}
    values["fired"] = sorted(state.fired)
    values["particles"] = None if state.particles is None else tuple(state.particles)
    if scheduler is not None and (why := _unsaved(state.memory, scheduler)):
        raise RunError(why)
    structure = json.dumps({name: _flat(value, tensors) for name, value in values.items()})
    write_tensors(tensors, path, {"state": structure, "about": about})


def load_state(path: Path, scheduler: Scheduler, device: torch.device | str = "cpu") -> tuple[State, str]:
    """Read a state and the text it was saved with.

    Raises:
        RecipeError: If the file is missing, no state, or one of another scheduler.
    """
    regular_file(path)
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
        values = {name: _full(value, tensors, scheduler) for name, value in json.loads(metadata["state"]).items()}
        values["fired"] = frozenset((place, hook) for place, hook in values["fired"])
        if values["particles"] is not None:
            values["particles"] = Particles(*values["particles"])
        return State(**values), metadata["about"]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RecipeError(f"{path}: not a saved state of {scheduler.kind}: {error}") from error


def _flat(value: object, tensors: dict[str, Tensor]) -> dict[str, object]:
    if isinstance(value, torch.Tensor):
        name = str(len(tensors))
        # Two names may share memory, which safetensors refuses.
        tensors[name] = value.detach().clone().contiguous()
        return {"tensor": name}
    if isinstance(value, tuple | list):
        name = type(value).__qualname__ if hasattr(value, "_fields") else ""
        return {"tuple": [_flat(item, tensors) for item in value], "name": name}
    return {"value": value}


def _full(value: dict[str, Any], tensors: dict[str, Tensor], scheduler: Scheduler) -> Any:
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "value" in value:
        return value["value"]
    items = [_full(item, tensors, scheduler) for item in value["tuple"]]
    if not value["name"]:
        return tuple(items)
    known = _known(scheduler)
    if value["name"] not in known:
        raise ValueError(
            f"it remembers a {value['name']}, which is not in its module: say memory = {value['name']} in its class"
        )
    return known[value["name"]](*items)


def _known(scheduler: Scheduler) -> dict[str, Any]:
    """The names that a saved state may have."""
    homes = [scheduler.memory or NoiseLevel, type(scheduler)]
    known = {"NoiseLevel": NoiseLevel} | {
        name: it for home in homes for name, it in vars(sys.modules[home.__module__]).items()
    }
    if scheduler.memory is not None:
        known[scheduler.memory.__qualname__] = scheduler.memory
    return known


def _unsaved(memory: object, scheduler: Scheduler) -> str | None:
    """Why what a scheduler remembers would not be read again as it is, with the cure; None where it would."""
    if isinstance(memory, torch.Tensor | float):
        return None
    cls = type(memory)
    if isinstance(memory, tuple | list):
        if hasattr(memory, "_fields") and _known(scheduler).get(cls.__qualname__) is not cls:
            return (
                f"{whose(scheduler)} remembers {cls.__module__}.{cls.__qualname__}: say memory = {cls.__name__} in it"
            )
        return next(filter(None, (_unsaved(item, scheduler) for item in memory)), None)
    try:
        if json.loads(json.dumps(memory)) == memory:
            return None
    except (TypeError, ValueError, RecursionError):
        pass
    return (
        f"{whose(scheduler)} remembers {cls.__module__}.{cls.__qualname__}, which can't be saved: remember tensors, "
        "numbers and texts, in tuples or a NamedTuple"
    )
