r"""Pictures on a terminal: by kitty's graphics protocol, in sixels, or in half-blocks of characters.

kitty's protocol sends pixels once, under a number, and then says where they are seen, in cells
(https://sw.kovidgoyal.net/kitty/graphics-protocol/). Sixels, of DEC's VT340, are columns of six pixels, drawn colour
by colour, of at most 256; they are text to the terminal, and drawn again whenever the lines below them change.
"""

from __future__ import annotations

import base64
import itertools
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np
from PIL import Image
from rich.color import Color
from rich.progress import Progress
from rich.segment import ControlType, Segment
from rich.style import Style

from superpose.cli.preview import Room

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from superpose.cli.asking import Graphics, Terminal
    from superpose.cli.preview import Estimates

#: Samples that are shown, at most, and cells that each is wide, at least and at most.
MOST, LEAST, LARGEST = 8, 16, 48
#: Pixels of a sample from left to right, at most, where there are pixels.
FINE = 256
#: Colours of a sixel picture, and bytes of kitty's that are sent at once.
COLOURS, CHUNK = 128, 4096
#: Times a second that the lines are written anew, at most: sixels are so each time.
REFRESHES: dict[Graphics, float] = {"kitty": 10, "sixel": 2, "blocks": 10}
#: Number of our picture among those that a kitty shows.
NUMBER = 7301


@attrs.frozen(eq=False)
class HalfBlocks:
    """A picture in characters, two pixels each, in as many colours as the terminal says it has.

    Attributes:
        pixels: In 8 bits, shape (H, W, 3).
    """

    pixels: NDArray[np.uint8]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A line for each two rows."""
        del console
        for y in range(0, len(self.pixels), 2):
            upper, lower = self.pixels[y], self.pixels[min(y + 1, len(self.pixels) - 1)]
            for above, below in list(zip(upper.tolist(), lower.tolist(), strict=True))[: options.max_width]:
                yield Segment("▀", Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below)))
            yield Segment.line()


@attrs.define(eq=False)
class Drawn:
    """A picture that the terminal draws over empty lines.

    Attributes:
        rows: How many lines it is high.
        first: What the terminal is told when it is first drawn.
        again: What it is told whenever it is drawn, after that.
    """

    rows: int
    first: str
    again: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines, and then the picture over them: the room is there already, and nothing scrolls."""
        del console, options
        for _ in range(self.rows):
            yield Segment.line()
        told, self.first = self.first + self.again, ""
        yield Segment(f"\x1b7\x1b[{self.rows}A\r{told}\x1b8", None, [(ControlType.CURSOR_UP, self.rows)])


class PictureProgress(Progress):
    """A progress bar with a picture above it.

    Attributes:
        picture: What stands there; None for nothing yet.
    """

    picture: HalfBlocks | Drawn | None = None

    def put(self, picture: HalfBlocks | Drawn) -> None:
        """Have a picture stand above the bars from now on."""
        self.picture = picture

    def get_renderables(self) -> Iterator[RenderableType]:
        """The picture, then the bars."""
        if self.picture is not None:
            yield self.picture
        yield from super().get_renderables()


@attrs.frozen(eq=False)
class OnTerminal:
    """The screen that a terminal is: samples side by side above the bar.

    Attributes:
        progress: The bar.
        terminal: What it can draw, and how large it and its cells are.
    """

    progress: PictureProgress
    terminal: Terminal

    def room(self, width: int) -> Room:
        """As many samples as stand beside each other, in their pixels or those of characters."""
        if self.terminal.graphics != "blocks":
            return Room(self._fit(LEAST), FINE)
        count = self._fit(min(LEAST, width))
        return Room(count, min(LARGEST, (self.terminal.columns + 1) // count - 1))

    def show(self, estimates: Estimates) -> None:
        """Show the samples beside each other, with a gap between two."""
        row = beside(estimates.pixels)
        if self.terminal.graphics == "blocks":
            self.progress.put(HalfBlocks(row))
            return
        columns, rows = self._cells(len(estimates.pixels), *row.shape[:2])
        if self.terminal.graphics == "kitty":
            self.progress.put(Drawn(rows, kitty(row), placed(columns, rows)))
            return
        cell = self.terminal.cell
        scale = min(columns * cell[0] / row.shape[1], rows * cell[1] / row.shape[0])
        size = max(1, int(row.shape[1] * scale)), max(1, int(row.shape[0] * scale))
        self.progress.put(Drawn(rows, "", sixels(Image.fromarray(row).resize(size, Image.Resampling.BOX))))

    def clear(self) -> None:
        """Take the picture away at the end: a kitty would keep it."""
        if self.terminal.graphics == "kitty":
            self.progress.console.file.write(f"\x1b_Ga=d,d=I,i={NUMBER},q=2\x1b\\")
            self.progress.console.file.flush()

    def _fit(self, least: int) -> int:
        return max(1, min(MOST, (self.terminal.columns + 1) // (least + 1)))

    def _cells(self, count: int, tall: int, wide: int) -> tuple[int, int]:
        """Cells that a row of samples takes, across and down."""
        across, down = self.terminal.cell
        columns = min(self.terminal.columns, count * min(LARGEST, 2 * LEAST))
        rows = round(columns * across * tall / wide / down)
        most = max(1, self.terminal.lines - 4)
        if rows > most:
            columns, rows = max(1, columns * most // rows), most
        return columns, max(1, rows)


def beside(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) beside each other, one black column between two: (H, W', 3)."""
    padded = np.pad(pixels, ((0, 0), (0, 0), (0, 1), (0, 0)))
    row: NDArray[np.uint8] = np.concatenate(list(padded), axis=1)[:, :-1]
    return np.ascontiguousarray(row)


def kitty(pixels: NDArray[np.uint8]) -> str:
    """Escape codes that send a picture (H, W, 3) to a kitty, in the place of that before."""
    data = base64.standard_b64encode(zlib.compress(pixels.tobytes())).decode()
    height, width, _ = pixels.shape
    chunks = [data[first : first + CHUNK] for first in range(0, len(data), CHUNK)]
    told = [f"q=2,m=1;{chunk}" for chunk in chunks]
    told[-1] = f"q=2,m=0;{chunks[-1]}"
    told[0] = f"a=t,i={NUMBER},f=24,o=z,s={width},v={height},{told[0]}"
    return "".join(f"\x1b_G{each}\x1b\\" for each in told)


def placed(columns: int, rows: int) -> str:
    """Escape codes that show that picture at the cursor, in so many cells; once, wherever it was before."""
    return f"\x1b_Ga=p,i={NUMBER},p=1,c={columns},r={rows},C=1,q=2\x1b\\"


def sixels(picture: Image.Image) -> str:
    """Escape codes that draw a picture at the cursor, in at most `COLOURS` colours."""
    flat = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    labels = np.asarray(flat)
    palette = np.array(flat.getpalette("RGB"), int).reshape(-1, 3) * 100 // 255
    height, width = labels.shape
    told = "".join(f"#{i};2;{r};{g};{b}" for i, (r, g, b) in enumerate(palette.tolist()))
    bands = (_band(labels[top : top + 6]) for top in range(0, height, 6))
    return f'\x1bP0;1;0q"1;1;{width};{height}{told}{"-".join(bands)}\x1b\\'


def _band(labels: NDArray[np.uint8]) -> str:
    """Up to six rows: of each colour where it is, from left to right."""
    bits = 1 << np.arange(len(labels))[:, None]
    rows = []
    for colour in np.unique(labels).tolist():
        columns = ((labels == colour) * bits).sum(0) + 63
        runs = ((chr(value), len(list(run))) for value, run in itertools.groupby(columns.tolist()))
        rows.append(f"#{colour}" + "".join(f"!{n}{c}" if n > 3 else c * n for c, n in runs))
    return "$".join(rows)
