r"""Transparencies laid on each other in front of a light (Diffusion Illusions, Burgert et al. 2023, arXiv 2312.03817).

Each sheet lets through a share :math:`s_i \in [0, 1]` of the light at each place, and what is seen through all is

.. math:: y = \tanh\big(b \prod_i s_i^{\gamma}\big)

with the brightness b of the light. Turned against each other, the same sheets show something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import Arrangement, Layer, Problem, Stacking, enlarged, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture, Shape

#: Brightness past which tanh is 1 to the last bit, and the least that a sheet lets through where it is raised to a
#: power: the slope there would be infinite.
BRIGHTEST, LEAST = 99.0, 1e-4


@attrs.frozen(kw_only=True)
class Overlay(Arrangement):
    """Shows the canvases of a sample laid on each other as transparencies, in front of a light.

    They lie one below the other in the image, as ``[canvas]`` with a ``count`` holds them, and `superpose primes`
    prints each. ``turns`` turns each against the others, so that the same sheets have several readings. Steps can look
    at them as bad printers would print them, each time another one, so that the illusion outlives yours.
    """

    kind = "overlay"
    papers = ("arXiv 2312.03817",)
    turns: tuple[int, ...] = option(
        (), doc="quarter turns of each sheet, against the clock; none when absent", each=True
    )
    sheets: int | None = option(None, doc="how many there are; as many squares as lie in the image if absent", ge=1)
    brightness: float = option(3.0, doc="brightness of the light behind them", gt=0, le=99)
    exponent: float = option(1.0, doc="power of what each sheet lets through: less than 1 for pale ink", gt=0, le=4)
    printer: bool = option(False, doc="whether steps look at sheets as printers differ: in ink, contrast and light")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Sheets that are no equal parts of the image, turns of others, or turns of what is not square."""
        _, height, width = shape
        count = self._count(height, width)
        if height % count:
            yield Problem(
                "sheets",
                f"{height} rows are not {count} equal sheets of overlay",
                "say how many there are",
            )
            return
        if self.turns and len(self.turns) != count:
            what = f"{len(self.turns)} turns are given for {count} sheets of overlay"
            yield Problem("turns", what, "give one for each, such as [0, 1], and [canvas] as large a count")
        if any(turn % 2 for turn in self.turns) and height // count != width:
            yield Problem(
                "turns",
                f"overlay's {height // count}x{width} sheets have no quarter turns",
                "use half turns",
            )

    def apply(self, x: Tensor) -> Tensor:
        """Picture seen through all sheets."""
        return self._through([(sheet + 1) / 2 for sheet in self._sheets(x)], self.exponent, self.brightness)

    def shaken(self, x: Tensor, noise: Tensor) -> Tensor:
        """The same of sheets from a printer that nobody chose: exponent 0.5 to 1, brightness 1 to 5, blacks to 0.5."""
        if not self.printer:
            return self.apply(x)
        sheets = [(sheet + 1) / 2 for sheet in self._sheets(x)]
        chance = _uniform(noise, 3 + len(sheets))
        black = chance[2] / 2
        pale = [sheet + (black - sheet) * share for sheet, share in zip(sheets, chance[3:], strict=True)]
        return self._through(pale, 0.5 + chance[0] / 2, 1 + 4 * chance[1])

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The sheets, and from the middle of the way on what is seen through them."""
        if u < 0.5:
            return enlarged(image, zoom)
        import torch  # no torch is brought in before it is used

        shown: Picture = self.apply(torch.from_numpy(image.copy())[None])[0].numpy()
        return enlarged(shown, zoom)

    def stacking(self, height: int, width: int) -> Stacking | None:
        """The sheets on each other, each turned; None of one alone, which the light does not show as it is."""
        count = self._count(height, width)
        if count == 1:
            return None
        turns = self.turns or (0,) * count
        return Stacking(count, tuple(Layer(sheet, turn % 4) for sheet, turn in enumerate(turns)))

    def _count(self, height: int, width: int) -> int:
        return self.sheets or len(self.turns) or max(1, height // width)

    def _sheets(self, x: Tensor) -> list[Tensor]:
        count = self._count(*x.shape[-2:])
        turns = self.turns or (0,) * count
        return [sheet.rot90(turn % 4, (-2, -1)) for sheet, turn in zip(x.chunk(count, -2), turns, strict=True)]

    def _through(self, sheets: list[Tensor], exponent: float | Tensor, brightness: float | Tensor) -> Tensor:
        plain = isinstance(exponent, float) and exponent == 1
        first, *others = (sheet.clamp(min=0) if plain else sheet.clamp(min=LEAST) ** exponent for sheet in sheets)
        light = first * brightness
        for sheet in others:
            light = light * sheet
        return light.clamp(0, BRIGHTEST).tanh() * 2 - 1


def _uniform(noise: Tensor, count: int) -> list[Tensor]:
    """So many numbers in [0, 1) of each sample, shape (N, 1, 1, 1), from unit normal ones."""
    normal = noise.flatten(1)[:, :count]
    return [(1 + (each / 2**0.5).erf()).view(-1, 1, 1, 1) / 2 for each in normal.unbind(1)]
