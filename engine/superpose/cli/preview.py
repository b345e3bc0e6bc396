"""Previews of a run on the terminal: the clean estimates of some samples as they form."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs
from rich.color import Color
from rich.progress import Progress
from rich.segment import Segment
from rich.style import Style

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console, ConsoleOptions, RenderableType
    from torch import Tensor

    from superpose import Step

#: Seconds between two pictures, at least.
EVERY = 0.5
#: Samples that are shown, at most, and columns that each takes: at least and at most.
MOST, LEAST, LARGEST = 8, 16, 48


@attrs.frozen(eq=False)
class HalfBlocks:
    """A picture in characters, two pixels each, in as many colours as the terminal says it has.

    Attributes:
        pixels: In 8 bits, shape (H, W, 3).
    """

    pixels: NDArray[np.uint8]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """A line for each two rows."""
        del console
        for y in range(0, len(self.pixels), 2):
            upper, lower = self.pixels[y], self.pixels[min(y + 1, len(self.pixels) - 1)]
            for above, below in list(zip(upper.tolist(), lower.tolist(), strict=True))[: options.max_width]:
                yield Segment("▀", Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below)))
            yield Segment.line()


class PictureProgress(Progress):
    """A progress bar with a picture above it.

    Attributes:
        picture: What stands there; None for nothing yet.
    """

    picture: HalfBlocks | None = None

    def put(self, picture: HalfBlocks) -> None:
        """Have a picture stand above the bars from now on."""
        self.picture = picture

    def get_renderables(self) -> Iterator[RenderableType]:
        """The picture, then the bars."""
        if self.picture is not None:
            yield self.picture
        yield from super().get_renderables()


class Preview:
    """The observer: at most twice a second it takes a copy of the clean estimates, and shows it once it is there.

    On a GPU the copy is made behind what the device is doing and looked at in a later step, so nothing waits for it.
    """

    def __init__(
        self, show: Callable[[HalfBlocks], object], width: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.show, self.width, self.clock = show, width, clock
        self.due = clock()
        self.copied: tuple[Tensor, Any] | None = None

    def see(self, step: Step) -> None:
        """Show what has been copied, and copy what is due."""
        if self.copied is not None and (self.copied[1] is None or self.copied[1].query()):
            self._shown()
        if self.copied is None and step.clean is not None and self.clock() >= self.due:
            self.due = self.clock() + EVERY
            self._copy(step.clean)

    def _copy(self, clean: Tensor) -> None:
        import torch

        small = reduced(clean, self.width)
        if small.device.type != "cuda":
            self.copied = small.cpu(), None
            self._shown()
            return
        here, event = small.to("cpu", non_blocking=True), torch.cuda.Event()
        event.record()
        self.copied = here, event

    def _shown(self) -> None:
        from superpose.media.images import to_pixels

        if self.copied is not None:
            [pixels], self.copied = to_pixels(self.copied[0][None]), None
            self.show(HalfBlocks(pixels))


def reduced(clean: Tensor, width: int) -> Tensor:
    """Some samples beside each other, shape (3, H, W), no wider than so many columns; new, and on the same device.

    Of latents the first three channels stand for colours: decoding them would cost more than the step.
    """
    import torch
    from torch.nn.functional import interpolate

    if clean.shape[1] not in (1, 3):
        clean = clean[:, :3] / clean[:, :3].abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-6)
        clean = clean.expand(-1, 3, -1, -1) if clean.shape[1] == 1 else clean
    tall, wide = clean.shape[-2:]
    count = max(1, min(len(clean), MOST, (width + 1) // (min(LEAST, wide) + 1)))
    columns = max(1, min(LARGEST, wide, (width + 1) // count - 1))
    rows = max(1, round(tall * columns / wide))
    some = clean[:count].float()
    if (rows, columns) != (tall, wide):
        some = interpolate(some, (rows, columns), mode="area")
    if some.shape[1] != 3:
        some = some[:, :1].expand(-1, 3, -1, -1)
    gap = some.new_full((count, 3, rows, 1), -1.0)
    return torch.cat([some, gap], -1).permute(1, 2, 0, 3).reshape(3, rows, -1)[..., :-1].clone()
