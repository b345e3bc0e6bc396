"""The laws of decompositions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from superpose.errors import LawError, PluginError
from superpose.estimate.problem import problems_of
from superpose.plugins.validate import names_of
from superpose.testing.law import Law, figures
from superpose.testing.probes import TOLERANCE, broken, gap, keeps_form, linear, noise, size

if TYPE_CHECKING:
    from superpose.estimate.decomposition import Decomposition


def check_decomposition(decomposition: Decomposition, channels: int, height: int, width: int) -> dict[str, float]:
    """Hold a decomposition to all its laws on images of one size.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    for problem in problems_of(decomposition.problems, (channels, height, width)):
        broken(decomposition, f"{channels}x{height}x{width}", f"it refuses this size: {problem}")
    return figures(laws(decomposition, channels, height, width))


def laws(decomposition: Decomposition, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of a decomposition on images of one size."""
    size = channels, height, width
    yield Law("has-names", lambda: has_names(decomposition))
    yield Law("sums-to-the-whole", lambda: sums_to_the_whole(decomposition, *size))
    for name in decomposition.names:
        part, what = decomposition.part(name), f"part {name!r}"
        yield Law(f"{name}-is-linear", partial(linear, decomposition, what, part, *size))
        yield Law(f"{name}-keeps-form", partial(keeps_form, decomposition, what, part, *size))
    yield Law("parts-are-the-split", lambda: parts_are_the_split(decomposition, *size))
    yield Law("synthesis-takes-analysis-back", lambda: synthesis_takes_analysis_back(decomposition, *size))
    yield Law("shown-is-the-part", lambda: shown_is_the_part(decomposition, *size))


def has_names(decomposition: Decomposition) -> float:
    """Its parts have names that a recipe can write, the same ones at every stage of a cascade."""
    try:
        names = names_of(decomposition)
    except PluginError as error:
        raise LawError(str(error)) from error
    if (scaled := decomposition.scaled(2.0).names) != names:
        broken(decomposition, "twice the size", f"its parts are {', '.join(scaled)} and were {', '.join(names)}")
    return 0.0


def sums_to_the_whole(decomposition: Decomposition, channels: int, height: int, width: int) -> float:
    """There is a part for every name, and together they are the image."""
    x = noise(2, channels, height, width)
    parts = decomposition.split(x)
    if len(parts) != len(decomposition.names):
        names = ", ".join(decomposition.names) or "none"
        broken(decomposition, size(x), f"it has {len(parts)} parts and the names {names}")
    if (off := gap(sum(parts, start=x * 0), x)) > TOLERANCE:
        broken(decomposition, size(x), f"its parts sum to something {off:.3g} away from the image; they must sum to it")
    return off


def parts_are_the_split(decomposition: Decomposition, channels: int, height: int, width: int) -> float:
    """A part asked for alone is the part that the split gives."""
    x, worst = noise(2, channels, height, width), 0.0
    for name, part in zip(decomposition.names, decomposition.split(x), strict=True):
        if (off := gap(decomposition.part(name)(x), part)) > TOLERANCE:
            broken(decomposition, size(x), f"part {name!r} alone is {off:.3g} away from that of the split")
        worst = max(worst, off)
    return worst


def synthesis_takes_analysis_back(decomposition: Decomposition, channels: int, height: int, width: int) -> float:
    """Images come of the coefficients of their parts, and those of one part alone make that part."""
    x, worst = noise(2, channels, height, width), 0.0
    coefficients = decomposition.analysis(x)
    if (off := gap(decomposition.synthesis(coefficients), x)) > TOLERANCE:
        broken(decomposition, size(x), f"synthesis of its analysis is {off:.3g} away from the image")
    for name, part in zip(decomposition.names, decomposition.split(x), strict=True):
        alone = [held * (name == other) for held, other in zip(coefficients, decomposition.names, strict=True)]
        if (off := gap(decomposition.synthesis(alone), part)) > TOLERANCE:
            broken(decomposition, size(x), f"the coefficients of part {name!r} alone are {off:.3g} away from the part")
        worst = max(worst, off)
    return worst


def shown_is_the_part(decomposition: Decomposition, channels: int, height: int, width: int) -> float:
    """What an animation shows of a part, without torch, is that part; and it is seen from somewhere, if at all."""
    import torch

    x, worst = noise(1, channels, height, width), 0.0
    for name in decomposition.names:
        got = torch.from_numpy(decomposition.shown(x[0].numpy().copy(), name))[None]
        if (off := gap(got, decomposition.part(name)(x))) > TOLERANCE:
            broken(decomposition, size(x), f"part {name!r} is shown {off:.3g} away from what it is")
        distance = decomposition.distance(name)
        if distance is not None and not 1 <= distance < math.inf:
            broken(decomposition, size(x), f"part {name!r} is seen from {distance:g} times as far; that is 1 or more")
        worst = max(worst, off)
    return worst
