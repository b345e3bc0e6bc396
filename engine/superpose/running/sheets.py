"""Pages of a contact sheet in the folder of a run, drawn from its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import torch

from superpose.media.images import read_image
from superpose.media.png import sheet_of, write_png
from superpose.media.sheet import Given, Note, layout_of, page, sheet
from superpose.media.word_maps import read_maps

if TYPE_CHECKING:
    from superpose.media.layout import Layout
    from superpose.recipe import Subject


@attrs.frozen
class Sheets:
    """The sheet of a run.

    Attributes:
        folder: Of the run.
        run: Identity of the run, which each page has inside.
        subject: What the images show, at their size.
        shape: (C, H, W) of an image.
        given: Pictures that the recipe names.
    """

    folder: Path
    run: str
    subject: Subject
    shape: tuple[int, int, int]
    given: tuple[Given, ...] = attrs.field(default=(), repr=False)

    def layout(self, samples: int, beside: Sequence[Given] = ()) -> tuple[Layout, int]:
        """The layout of so many samples, with further pictures behind their readings; how many of them a page holds."""
        return layout_of(torch.zeros(1, *self.shape), self.subject, samples, len(self.given), beside)

    def pages(self, samples: int, beside: Sequence[Given] = ()) -> tuple[Path, ...]:
        """Paths of the pages of so many samples; arguments as of `layout`."""
        _, held = self.layout(samples, beside)
        return tuple(self.folder / page(number) for number in range(-(-samples // held)))

    def maps(self, images: Mapping[int, Path]) -> dict[int, tuple[Given, ...]]:
        """Attention maps of samples, where `superpose maps` has left some of these images in the folder."""
        found = read_maps(self.folder)
        return {} if found is None else {k: found.tiles(path.name, self.shape[1:]) for k, path in images.items()}

    def write(self, images: Mapping[int, Path], notes: Mapping[int, Note] | None = None) -> tuple[Path, ...]:
        """Write all pages, with the maps there are, and remove those left of this run when it had more samples.

        Arguments:
            images: The image of each sample, in the order of the sheet.
            notes: What is to be said of a sample.
        """
        maps = self.maps(images)
        most = max(maps.values(), key=len, default=())
        numbers, pages = list(images), self.pages(len(images), most)
        layout, held = self.layout(len(images), most)
        for i, path in enumerate(pages):
            mine: Sequence[int] = numbers[i * held :][:held]
            pixels = torch.stack([read_image(images[k], self.shape) for k in mine])
            write_png(path, sheet(pixels, self.subject, mine, self.given, notes or {}, layout, maps), run=self.run)
        left = len(pages)
        while sheet_of(self.folder / page(left)) == self.run:
            (self.folder / page(left)).unlink()
            left += 1
        return pages
