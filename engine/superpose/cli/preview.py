"""Previews of a run: the clean estimates of its samples, copied off the device as they form and shown somewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import attrs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose import Step

#: Seconds between two pictures, at least.
EVERY = 0.5


@attrs.frozen
class Room:
    """Room for pictures.

    Attributes:
        count: Samples that are shown, at most.
        width: Pixels of each, from left to right, at most.
    """

    count: int
    width: int


@attrs.frozen(eq=False)
class Estimates:
    """Clean estimates of some samples, after one step.

    Attributes:
        pixels: In 8 bits, shape (N, H, W, 3).
        index: Number of the step, from 0.
        total: How many there are.
    """

    pixels: NDArray[np.uint8]
    index: int
    total: int


class Screen(Protocol):
    """Something that shows estimates: a terminal, a page."""

    def room(self, width: int) -> Room:
        """The room for samples that are so many pixels wide."""
        ...

    def show(self, estimates: Estimates) -> None:
        """Show these in the place of those before."""
        ...


@attrs.frozen(eq=False)
class _Copied:
    small: Tensor
    event: Any  # of the device; None where the copy is there already
    index: int
    total: int


class Preview:
    """The observer: at most twice a second it takes a copy of the clean estimates, and shows it once it is there.

    On a GPU the copy is made behind what the device is doing and looked at in a later step, so nothing waits for it;
    while one is on its way no other is made.
    """

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
        self.screen, self.clock = screen, clock
        self.due = clock()
        self.copied: _Copied | None = None

    def see(self, step: Step) -> None:
        """Show what has been copied, and copy what is due."""
        if self.copied is not None and (self.copied.event is None or self.copied.event.query()):
            self._shown()
        if self.copied is None and step.clean is not None and self.clock() >= self.due:
            self.due = self.clock() + EVERY
            self._copy(step.clean, step)

    def _copy(self, clean: Tensor, step: Step) -> None:
        import torch

        small = reduced(clean, self.screen.room(clean.shape[-1]))
        if small.device.type != "cuda":
            self.copied = _Copied(small.cpu(), None, step.index, step.total)
            self._shown()
            return
        here, event = small.to("cpu", non_blocking=True), torch.cuda.Event()
        event.record()
        self.copied = _Copied(here, event, step.index, step.total)

    def _shown(self) -> None:
        from superpose.media.images import to_pixels

        if self.copied is not None:
            copied, self.copied = self.copied, None
            self.screen.show(Estimates(to_pixels(copied.small), copied.index, copied.total))


def reduced(clean: Tensor, room: Room) -> Tensor:
    """The first samples, as many and as wide as there is room for, shape (N, 3, H, W); new, and on the same device.

    Of latents the first three channels stand for colours: decoding them would cost more than the step.
    """
    import torch
    from torch.nn.functional import interpolate

    some = clean[: room.count].float()
    if some.shape[1] not in (1, 3):
        some = some[:, :3] / some[:, :3].abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-6)
    tall, wide = some.shape[-2:]
    columns = max(1, min(room.width, wide))
    if columns < wide:
        some = interpolate(some, (max(1, round(tall * columns / wide)), columns), mode="area")
    if some.shape[1] != 3:
        some = some[:, :1].expand(-1, 3, -1, -1)
    return torch.clone(some, memory_format=torch.contiguous_format)
