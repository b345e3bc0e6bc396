"""Reading EDM's pickles without running them.

Such a file holds programs: each module of a network is a call of ``torch_utils.persistence`` that compiles the source
text beside it. Here the call becomes a record of the class's name and of the object's state, the text is dropped, and
tensors are rebuilt by torch's own safe reader. A file that asks for anything else is refused by name, and nothing that
it names is ever imported.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from superpose import RecipeError


class Record:
    """An object of the file: the name of its class, and its state."""

    name = ""
    state: Mapping[str, Any] = {}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.state = state

    def tensors(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """The module's parameters and buffers by name, and those of the modules in it."""
        for table in ("_parameters", "_buffers"):
            for name, value in self.state.get(table, {}).items():
                if isinstance(value, Tensor):
                    yield prefix + name, value
        for name, module in self.state.get("_modules", {}).items():
            if isinstance(module, Record):
                yield from module.tensors(f"{prefix}{name}.")


class _Table(dict[str, Any]):
    """``dnnlib.EasyDict``."""


def _module(meta: Mapping[str, Any]) -> Record:
    record = Record()
    record.name, record.state = str(meta["class_name"]), dict(meta["state"])
    return record


def _storage(stored: bytes) -> object:
    return torch.load(io.BytesIO(stored), map_location="cpu", weights_only=True)


def _tensor(storage: object, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Tensor:
    made: Tensor = torch._utils._rebuild_tensor(storage, offset, size, stride)  # as torch's safe reader does
    return made


def _first(value: object, *_: object) -> object:
    return value


#: What stands for each name that a file may ask for.
KNOWN: dict[str, Callable[..., object]] = {
    "torch_utils.persistence._reconstruct_persistent_obj": _module,
    "dnnlib.util.EasyDict": _Table,
    "collections.OrderedDict": OrderedDict,
    "torch.nn.modules.container.ModuleDict": Record,
    "torch.nn.modules.container.ModuleList": Record,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch.storage._load_from_bytes": _storage,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        """The harmless object that stands for a name."""
        if (stand_in := KNOWN.get(f"{module}.{name}")) is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no network needs")
        return stand_in


def read_records(path: Path) -> dict[str, Any]:
    """The table of objects in one of EDM's files.

    Raises:
        RecipeError: It is missing, cut off, or asks for anything but modules and tensors.
    """
    try:
        with path.open("rb") as file:
            content = _Reader(file).load()
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such file") from error
    except Exception as error:  # whatever a broken or hostile file leads to
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RecipeError(f"{path} is not one of EDM's pickles: {reason}") from error
    if not isinstance(content, dict) or not isinstance(content.get("ema"), Record):
        raise RecipeError(f"{path} is not one of EDM's pickles: it has no network called ema")
    return content
