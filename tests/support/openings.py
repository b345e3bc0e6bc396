"""How often files are opened: by Python, by safetensors and by torch, which open them each in its own way.

Python's are seen by an audit hook, whoever opens. A pickled file is opened several times in one reading of torch's, to
be looked at and to be mapped, so its readings are counted.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import safetensors
import torch

#: What pickled files end in.
PICKLED = (".pt", ".pth", ".ckpt", ".pkl", ".bin")
_active: list[Openings] = []


@attrs.define
class Openings:
    """Counts the openings of the files below a folder while its block runs."""

    folder: Path
    counts: Counter[str] = attrs.field(factory=Counter)
    _patched: pytest.MonkeyPatch = attrs.field(factory=pytest.MonkeyPatch)

    def __enter__(self) -> Openings:
        self._count("safe_open", safetensors.safe_open)
        self._patched.setattr(torch, "load", self._counting(torch.load))
        _active.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _active.remove(self)
        self._patched.undo()

    def opened(self, file: object) -> None:
        """Note an opening, if the file is one of these."""
        if isinstance(file, (str, bytes, os.PathLike)):
            path = Path(os.fsdecode(file))
            if path.is_relative_to(self.folder) and path.is_file():
                self.counts[str(path.relative_to(self.folder))] += 1

    def _count(self, name: str, real: Any) -> None:
        """Count the calls of a function, in whatever module it was imported to."""
        counting = self._counting(real)
        for module in list(sys.modules.values()):
            if vars(module).get(name) is real:
                self._patched.setattr(module, name, counting)

    def _counting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def counting(file: Any, *arguments: Any, **options: Any) -> Any:
            self.opened(file)
            return real(file, *arguments, **options)

        return counting


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _active and event == "open" and not str(arguments[0]).endswith(PICKLED):
        for openings in _active:
            openings.opened(arguments[0])


sys.addaudithook(_hear)
