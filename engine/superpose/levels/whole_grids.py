"""The grids of whole training times. Each gives places among the T trained ones, noisiest first.

Where an original computes in floats and rounds, so do these: an exact half would fall to the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from superpose.errors import RecipeError
from superpose.levels.request import Request


def _at_most(request: Request, most: int) -> None:
    if request.steps > most:
        raise RecipeError(
            f"grid {request.grid!r} has at most {most} steps on a schedule of {request.schedule.steps} times, "
            f"got steps = {request.steps}: write steps = {most}, or grid = 'linspace-fractional'"
        )


def _in_range(request: Request, places: list[int]) -> list[int]:
    if places[0] > request.last:
        raise RecipeError(
            f"grid {request.grid!r} with steps = {request.steps} and offset = {request.offset} visits time "
            f"{places[0]}, after the last trained time {request.last}: "
            f"write offset = {request.offset - places[0] + request.last}"
        )
    return places


def _nearest(works: Callable[[int], bool], wanted: int, most: int) -> str:
    """The nearest step counts that work, below and above, in words."""
    below = next((n for n in range(wanted - 1, 0, -1) if works(n)), None)
    above = next((n for n in range(wanted + 1, most + 1) if works(n)), None)
    return " or ".join(f"steps = {n}" for n in (below, above) if n is not None)


def _falling(numbers: Iterable[float]) -> list[int]:
    return sorted((int(number) for number in numbers), reverse=True)


def openai(request: Request) -> list[int]:
    """As ``space_timesteps`` of guided-diffusion: sections of time, in each an even stride from end to end, rounded."""
    T = request.schedule.steps
    counts = request.sections or (request.steps,)
    if not request.sections:
        _at_most(request, T)
    size, longer = divmod(T, len(counts))
    places: list[int] = []
    start = 0
    for i, count in enumerate(counts):
        length = size + (i < longer)
        if count > length:
            raise RecipeError(
                f"section {i} of sections = {list(counts)} has {length} of the {T} times, which can't make {count} "
                f"steps: write {length} or less there"
            )
        stride = (length - 1) / (count - 1) if count > 1 else 1.0
        # Summed, not multiplied: the sum's rounding decides the halves, and it is the original's.
        place = 0.0
        for _ in range(count):
            places.append(start + round(place))
            place += stride
        start += length
    return _falling(places)


def ddim_openai(request: Request) -> list[int]:
    """As "ddimN" of guided-diffusion: the smallest whole stride that makes exactly n times."""
    T, n = request.schedule.steps, request.steps

    def stride_of(count: int) -> int | None:
        return next((stride for stride in range(1, T) if len(range(0, T, stride)) == count), None)

    stride = stride_of(n)
    if stride is None:
        works = {len(range(0, T, i)) for i in range(1, T)}
        raise RecipeError(
            f"grid 'ddim-openai' has no whole stride that makes {n} steps of {T} times: "
            f"write {_nearest(works.__contains__, n, T)}, or grid = 'openai'"
        )
    return _falling(range(0, T, stride))


def compvis(request: Request) -> list[int]:
    """As "uniform" of latent diffusion: stride T // n, moved up by one. May make more than n times (30: 31)."""
    T, n = request.schedule.steps, request.steps

    def last(count: int) -> int:
        return range(0, T, T // count)[-1] + 1

    _at_most(request, T)
    if last(n) > request.last:
        raise RecipeError(
            f"grid 'compvis' with steps = {n} visits time {last(n)}, after the last trained time {request.last} "
            f"(the original stops there too): write {_nearest(lambda count: last(count) < T, n, T)}, "
            "or grid = 'leading' with offset = 1"
        )
    return _falling(time + 1 for time in range(0, T, T // n))


def leading(request: Request) -> list[int]:
    """As in diffusers: stride T // n from time 0, plus the offset. Never reaches the noisiest time."""
    T, n = request.schedule.steps, request.steps
    _at_most(request, T)
    return _in_range(request, _falling(k * (T // n) + request.offset for k in range(n)))


def leading_dpm(request: Request) -> list[int]:
    """As in diffusers' DPM-Solver and UniPC: n + 1 times of stride T // (n + 1), without time 0, plus the offset."""
    T, n = request.schedule.steps, request.steps
    _at_most(request, T - 1)
    return _in_range(request, _falling(k * (T // (n + 1)) + request.offset for k in range(1, n + 1)))


def trailing(request: Request) -> list[int]:
    """As in diffusers: stride T / n downwards from T, rounded, less one; but n times for every n.

    The original's arange makes a time too many, -1, for 62 of the 1000 step counts: 61, 103, 121 ...
    """
    T, n = request.schedule.steps, request.steps
    _at_most(request, T)
    return [int(time) - 1 for time in np.round(np.arange(T, 0, -T / n)[:n])]


def linspace(request: Request) -> list[int]:
    """As in diffusers' DDIM and DDPM: n times from T - 1 to 0, rounded.

    A single step is the noisiest time; diffusers visits time 0 then, where its start of pure noise is none.
    """
    _at_most(request, request.schedule.steps)
    if request.steps == 1:
        return [request.last]
    return _falling(np.linspace(0, request.last, request.steps).round())


def linspace_dpm(request: Request) -> list[int]:
    """As in diffusers' DPM-Solver and UniPC: n + 1 times from T - 1 to 0, rounded, without time 0."""
    _at_most(request, request.last)
    return _falling(np.linspace(0, request.last, request.steps + 1).round()[1:])


def sgm(request: Request) -> list[int]:
    """As LegacyDDPM of Stability's generative models: n times from T - 1 towards 0, without 0, rounded down."""
    _at_most(request, request.schedule.steps)
    return _falling(np.linspace(request.last, 0, request.steps, endpoint=False).astype(int))
