"""The table of tensors in a checkpoint, by the names that its network gave them: without what training wrapped it in.

Training programs keep the table under a name of their own beside their notes, or in a list; averaged weights beside the
raw ones; and wrappers of the network (for several devices, or compiled) put words of theirs before every name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from superpose import RecipeError, shown
from superpose_networks.pickled import Shell

#: What training programs call the table, the first that is there being taken: averaged weights before raw ones.
TABLES = (
    "state_dict", "ema", "ema_state_dict", "model_ema", "ema_model", "params_ema", "shadow",
    "model_state_dict", "model", "net", "network", "unet", "params", "module",
)  # fmt: skip
#: Averaged weights as a list, in the order of the network's parameters (the score SDE's programs, torch_ema).
NAMELESS = "shadow_params"
#: Words that wrappers put anywhere in a name.
_WITHIN = re.compile(r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\.")
#: Words that wrappers put before every name, of a network that is known by a landmark.
_BEFORE = re.compile(r"(?:(?:model|module|net|network|unet|denoiser|backbone|ema|ema_model|model_ema|online_model)\.)*")
_AVERAGED = re.compile(r"(?:^|\.)(?:ema|ema_model|model_ema)\.")


def unwrapped(path: Path, stored: object) -> Mapping[str, Tensor]:
    """The table of tensors in what a pickled file holds.

    Arguments:
        path: The file, for the message.
        stored: What it holds.

    Raises:
        RecipeError: There is none; says what there is.
    """
    found = _table(path, stored)
    if found is None:
        for one in (stored, *stored.values()) if isinstance(stored, dict) else ():
            if isinstance(one, dict) and 2 * sum(isinstance(value, Tensor) for value in one.values()) > len(one):
                _refuse_others(path, one)  # a table, but for these
        raise RecipeError(
            f"{path} does not hold a plain table of tensors by name, nor one called {', '.join(TABLES[:-1])} or "
            f"{TABLES[-1]}: it holds {_what(stored)}"
        )
    return found


def plain_names(path: Path, names: Iterable[str], landmark: str = "") -> dict[str, str]:
    """The stored name of every tensor by that which its network gave it.

    Arguments:
        path: The file, for the message.
        names: As stored.
        landmark: A name that the network is known by. What stands before it in the file is a wrapper's, and what is
            not behind the same words is none of the network; averaged weights go before raw ones.

    Raises:
        RecipeError: Two stored names are one, or several networks are in the file.
    """
    plain = {name: _WITHIN.sub("", name) for name in names}
    rest = [name for name in plain.values() if name != "n_averaged"]  # a note that torch's averaging leaves in it
    while rest and all(name.startswith("module.") for name in rest):
        plain = {stored: name.removeprefix("module.") for stored, name in plain.items() if name != "n_averaged"}
        rest = list(plain.values())
    prefix = _prefix(path, rest, landmark) if landmark else ""
    found: dict[str, str] = {}
    for stored, name in plain.items():
        if name.startswith(prefix) and found.setdefault(name.removeprefix(prefix), stored) != stored:
            raise RecipeError(f"{path} has {found[name.removeprefix(prefix)]} and {stored}, which are one name")
    return found


def _prefix(path: Path, names: Iterable[str], landmark: str) -> str:
    before = {name.removesuffix(landmark) for name in names if name.endswith(landmark)}
    found = sorted(one for one in before if _BEFORE.fullmatch(one))
    averaged = [one for one in found if _AVERAGED.search(one)]
    if "" in found or not found:
        return ""
    if len(chosen := averaged or found) > 1:
        raise RecipeError(f"{path} holds several networks, {', '.join(one + '*' for one in chosen)}: save one of them")
    return chosen[0]


def _table(path: Path, stored: object, depth: int = 4) -> Mapping[str, Tensor] | None:
    if isinstance(stored, Shell) or not depth:
        return None
    if isinstance(stored, (list, tuple)):  # DDIM's: network, optimiser, epoch, step and, last, averaged weights
        return next(
            filter(None, (_table(path, one, depth - 1) for one in reversed(stored) if isinstance(one, dict))), None
        )
    if not isinstance(stored, dict) or not stored:
        return None
    if all(isinstance(value, Tensor) for value in stored.values()):
        for name in stored:
            if not isinstance(name, str):
                raise RecipeError(f"{path}: its tensors are called {shown(name)} and the like, which are no names")
        return stored
    found = (_called(path, key, stored, depth - 1) for key in TABLES)
    return next(filter(None, found), None)


def _called(path: Path, key: str, stored: Mapping[object, object], depth: int) -> Mapping[str, Tensor] | None:
    """The table that is called ``key``."""
    inner = stored.get(key)
    if isinstance(inner, dict) and NAMELESS in inner:
        beside = (_table(path, {other: stored.get(other)}, depth) for other in TABLES if other != key)
        return _named(path, key, inner[NAMELESS], next(filter(None, beside), {}))
    found = _table(path, inner, depth)
    if found is None and key == "state_dict" and isinstance(inner, dict):
        _refuse_others(path, inner)
    return found


def _named(path: Path, key: str, averaged: object, named: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Averaged weights by the names of the raw ones beside them; what is not averaged (buffers) as it is there.

    Both are in the order of the network, and the raw ones have buffers between. Their shapes say which those are where
    the first and the last way to lay the one along the other are the same.
    """
    shapes = {name: value.shape for name, value in named.items()}
    tensors = averaged if isinstance(averaged, list | tuple) else ()
    wanted = [value.shape for value in tensors if isinstance(value, Tensor)]
    first = _laid_along(shapes, wanted)
    last = _laid_along(dict(reversed(shapes.items())), wanted[::-1])[::-1]
    if not wanted or len(wanted) != len(tensors) or len(first) != len(wanted) or first != last:
        why = "no table of names is beside it" if not named else "the shapes of the table beside it do not say whose"
        raise RecipeError(
            f"{path}: {key} holds averaged weights without their names ({NAMELESS}), and {why}: put them into a "
            "network with the program that wrote them, and save its state_dict()"
        )
    return {**named, **dict(zip(first, tensors, strict=True))}


def _laid_along(shapes: Mapping[str, tuple[int, ...]], wanted: Sequence[tuple[int, ...]]) -> list[str]:
    """The earliest names whose shapes are those wanted, in order; fewer where they do not fit."""
    names = iter(shapes)
    found = (next((name for name in names if shapes[name] == shape), None) for shape in wanted)
    return [name for name in found if name is not None]


def _refuse_others(path: Path, table: Mapping[object, object]) -> None:
    for name, value in table.items():
        if not isinstance(value, Tensor):
            raise RecipeError(f"{path}: {shown(name)} holds {_what(value)}, and not a tensor")


def _what(value: object) -> str:
    if isinstance(value, Shell):
        return f"a {type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, dict):
        inside = [f"{shown(key)}, {_kind(one)}" for key, one in list(value.items())[:8]]
        return "the keys " + "; ".join(inside) + "; ..." * (len(value) > 8) if inside else "an empty table"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}: {', '.join(map(_kind, value[:8]))}" + ", ..." * (len(value) > 8)
    return _kind(value)


def _kind(value: object) -> str:
    if isinstance(value, Shell):
        return f"a {type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)}"
    if isinstance(value, (dict, list, tuple)):
        return f"a {'table' if isinstance(value, dict) else 'list'} of {len(value)}"
    return f"a {type(value).__name__}"
