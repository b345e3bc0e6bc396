"""superpose: sample images from diffusion models by composition.

This module is the public API: what is not here is not promised. Names are imported when they are first used, so
that ``import superpose`` brings no torch.

>>> import superpose
>>> model = superpose.model("glyphs")
>>> scheduler = superpose.make("scheduler", "ddim", steps=4)
>>> images = superpose.sample(superpose.prompted(model, "A"), scheduler, model, samples=2, seed=0)
>>> tuple(images.shape)
(2, 3, 32, 32)
"""

from __future__ import annotations

import importlib
from pathlib import Path

__version__ = "0.1.0"


def _homes() -> dict[str, str]:
    """The module of each public name, as the stub beside this file says it to type checkers and editors.

    Its lines are ``from HOME import NAME as NAME``; of a public module HOME is ``superpose``.
    """
    lines = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8").splitlines()
    return {line.split()[-1]: line.split()[1] for line in lines if line.startswith("from superpose")}


_HOMES = _homes()
__all__ = [*_HOMES]  # noqa: PLE0604  (names are strings, read from the stub)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"superpose has no public name {name!r}")
    if _HOMES[name] == "superpose":
        return importlib.import_module(f"superpose.{name}")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
