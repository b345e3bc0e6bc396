"""Prime images of an illusion as files to print: the sheets that show something else laid on each other, or turned.

After Diffusion Illusions (arXiv 2312.03817), whose primes are the canvases of a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import attrs
import numpy as np

from superpose.errors import RecipeError
from superpose.estimate.arrangement import Arrangement
from superpose.media.frames import in_pixels, picture_of, resized
from superpose.media.paper import print_zoom
from superpose.media.png import Print, write_png
from superpose.media.prime_pages import PrimePage, write_primes
from superpose.media.stacking import Layer, Stacking
from superpose.running.inside import inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superpose.estimate.view import View
    from superpose.media.frames import Picture
    from superpose.media.png import Origin
    from superpose.recipe import Subject


class Primes(NamedTuple):
    """Files of the prime images of an illusion.

    Attributes:
        images: The PNG file of each, which knows its size on paper.
        pages: The pages to print, in PDF; None where nobody asked for them.
    """

    images: tuple[Path, ...]
    pages: Path | None


def primes(
    image: str | Path,
    out: str | Path | None = None,
    *,
    width: float = 100.0,
    scale: int | None = None,
    pages: bool = True,
    inputs: Mapping[str, str | Path] | None = None,
    overwrite: bool = False,
) -> Primes:
    """Write each prime image of an illusion as a file to print, and pages that say how the sheets are laid.

    The pages are each prime at its true size, and each way of laying them: what is seen then, which sheet lies where
    and how it is turned.

    Arguments:
        image: A PNG file that superpose wrote, whose views show sheets: its canvases on each other, or turned.
        out: Folder of the files; by default that of the image.
        width: Of a sheet, in millimetres.
        scale: Each pixel is printed as so many a side, interpolated (Lanczos); by default as 300 an inch need.
        pages: Whether to write the pages, which ReportLab is needed for.
        inputs: Where files are that the recipe inside names and that do not travel, by its names for them.
        overwrite: Whether files that are there are replaced.

    Raises:
        RecipeError: If the image has no recipe inside, or a view of it shows what no sheets do; or if a file would be
            replaced.
        RunError: If a file can't be written.
    """
    image = Path(image)
    if pages and find_spec("reportlab") is None:
        raise RecipeError("the pages need ReportLab, pip install 'superpose[print]'; --no-pages leaves them out")
    with inside(image, inputs) as found:
        subject, picture = found.looked_at()
        stackings = _stackings(image, subject, picture)
        count = stackings[0].sheets
        zoom = print_zoom(picture.shape[1] // count, picture.shape[2], width, scale)
        sheets = [Print(i, count, zoom, width) for i in range(count)]
        folder = image.parent if out is None else Path(out)
        made = Primes(
            tuple(folder / f"{image.stem}-prime-{sheet.prime + 1}.png" for sheet in sheets),
            folder / f"{image.stem}-primes.pdf" if pages else None,
        )
        for path in (*made.images, *filter(None, [made.pages])):
            if path.exists() and not overwrite:
                cure = "choose another folder with --out, or replace it: --overwrite"
                raise RecipeError(f"{path} is there already: {cure}")
        folder.mkdir(parents=True, exist_ok=True)
        for path, sheet in zip(made.images, sheets, strict=True):
            write_prime(path, picture, sheet, found.origin)
        if made.pages:
            printed = [printed_prime(picture, sheet) for sheet in sheets]
            tall = width * printed[0].shape[0] / printed[0].shape[1]
            write_primes(made.pages, f"{image.name}, to print", tall, width, [*_pages(subject, stackings, printed)])
    return made


def write_prime(path: Path, picture: Picture, sheet: Print, origin: Origin) -> None:
    """Write one sheet of a picture, (C, H, W), as a PNG that has its size on paper and its origin inside."""
    write_png(path, printed_prime(picture, sheet), attrs.evolve(origin, printed=sheet))


def check_sheet(sheet: Print, height: int, width: int) -> None:
    """Raise `RecipeError` for a sheet that no picture of that size has, or that would not be printed."""
    if height % sheet.of:
        raise RecipeError(f"a picture of {height} rows is not {sheet.of} equal sheets")
    print_zoom(height // sheet.of, width, sheet.width, sheet.zoom)


def printed_prime(picture: Picture, sheet: Print) -> NDArray[np.uint8]:
    """One sheet of a picture (C, H, W) as it is printed, shape (H * zoom / of, W * zoom, 3)."""
    _, height, width = picture.shape
    tall = height // sheet.of
    mine = picture[:, sheet.prime * tall : (sheet.prime + 1) * tall]
    return in_pixels(resized(mine, tall * sheet.zoom, width * sheet.zoom))


def _stackings(image: Path, subject: Subject, picture: Picture) -> list[Stacking]:
    """The sheets as they lie for each view."""
    _, height, width = picture.shape
    found: list[Stacking] = []
    for i, term in enumerate(subject.view):
        stacking = term.view.stacking(height, width)
        if stacking is None:
            why = f"view {i} ({term.view.kind}) shows what no whole sheets show, turned or on each other"
            raise RecipeError(f"{image}: {why}; superpose puzzle prints what is cut")
        if found and stacking.sheets != found[0].sheets:
            why = f"view 0 takes it for {found[0].sheets} sheets, and view {i} for {stacking.sheets}"
            raise RecipeError(f"{image}: {why}: let all its views show canvases, or none")
        found.append(stacking)
    if not found:
        raise RecipeError(f"{image}: it has no views, which would say how its sheets are laid")
    return found


def _pages(
    subject: Subject, stackings: Sequence[Stacking], printed: Sequence[NDArray[np.uint8]]
) -> Iterator[PrimePage]:
    sheer = any(stacking.sheer for stacking in stackings)
    on = "on transparent film" if sheer else "on paper"
    for i, pixels in enumerate(printed):
        said = f"Sheet {i + 1} of {len(printed)}. Print {on}, at 100 %: without fitting to the page."
        yield PrimePage(pixels, (Layer(i),), (said,))
    whole = picture_of(np.concatenate(printed))
    for term, stacking in zip(subject.view, stackings, strict=True):
        reads = f": {term.subject.shown!r}." if term.subject.shown else "."
        for how, seen in _seen(term.view, whole):
            yield PrimePage(in_pixels(seen), stacking.layers, (f"What is seen{how}{reads}", _told(stacking)))


def _seen(view: View, whole: Picture) -> Iterator[tuple[str, Picture]]:
    """Pictures that a view shows of printed sheets: as they are, and as a middling printer makes them."""
    right = view.frame(whole, 1.0)
    yield "", right
    if not isinstance(view, Arrangement):
        return
    import torch

    x = torch.from_numpy(whole)[None]
    printed: Picture = view.shaken(x, torch.zeros_like(x))[0].numpy()
    if not np.array_equal(printed, right):
        yield " where the printer is a middling one", printed


def _told(stacking: Stacking) -> str:
    if len(stacking.layers) == 1:
        [layer] = stacking.layers
        said = f"{str(layer).capitalize()}."
        return f"{said} Seen from behind, against the light." if layer.mirrored else said
    said = "; ".join(map(str, stacking.layers))
    return f"In front of a bright light, from the lowest up: {said}. Lay cross on cross."
