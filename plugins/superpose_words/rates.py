"""Rates of letters upside down: how often a network's drawing of one was read as another when turned.

They are what ``superpose pairs glyphs --classifier glyphs-classifier --view rotate:180 --itself --words a,b,c,...,z
--steps 8 --samples 16 --best 0`` has written, and hold for the weights that it names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from superpose import Model


@attrs.frozen(order=True)
class Rate:
    """Rate of two letters, each the other upside down.

    Attributes:
        both: Drawings in which both were read.
        likely: Mean probability of both readings; it orders equal counts.
        samples: How many drawings there were.
    """

    both: int
    likely: float
    samples: int


def rates_of(model: Model) -> Mapping[frozenset[str], Rate]:
    """The rates of pairs of letters, as a model draws them; none where they were measured of another one."""
    found = _measured()
    weights = model.weights()
    if not weights or not weights.items() <= found["weights"].items():
        return {}
    return {
        frozenset((row["first"], row["second"])): Rate(row["both_right"], row["likely"], row["samples"])
        for row in found["pairs"]
    }


@cache
def _measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__package__).joinpath("upside-down.json").read_text(encoding="utf-8"))
    return found
