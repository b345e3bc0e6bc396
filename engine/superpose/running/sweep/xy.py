"""XY sheets of a sweep: the images of two axes, a page for each combination of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.kinds.spelling import suggestion
from superpose.recipe.plain import inline

if TYPE_CHECKING:
    from superpose.running.sweep.results import ImageRow

#: Pages that are written, and cells of one, at most.
PAGES, CELLS = 24, 900


def xy_axes(axes: Sequence[str], given: str = "") -> tuple[str, str]:
    """The axes of an XY sheet: of its columns, and of its rows ("" where there is one row).

    Arguments:
        axes: Keys of all axes.
        given: Two of them with a comma between, the columns first; the last two axes where it is empty.

    Raises:
        RecipeError: If one is no axis.
    """
    if not given:
        return (axes[-1], axes[-2]) if len(axes) > 1 else (axes[0], "")
    named = [text.strip() for text in given.split(",")]
    for name in named:
        if name not in axes:
            raise RecipeError(f"--xy: {name!r} is no axis{suggestion(name, axes)}")
    if len(named) > 2 or len(set(named)) < len(named):
        raise RecipeError(f"--xy: expected one axis or two with a comma between, got {given!r}")
    return (named[0], named[1]) if len(named) == 2 else (named[0], "")


def tied(points: Sequence[Mapping[str, object]], axis: str) -> set[str]:
    """The other axes that change together with one: of each of its values they have one, and it of each of theirs."""
    found: dict[str, set[tuple[str, str]]] = {}
    for values in points:
        for key, value in values.items():
            found.setdefault(key, set()).add((_label(values[axis]), _label(value)))
    count = len({pair[0] for pair in found.get(axis, ())})
    return {
        key
        for key, pairs in found.items()
        if key != axis and len(pairs) == count > 1 and len({value for _, value in pairs}) == count
    }


def write_xy(folder: Path, rows: Iterable[ImageRow], x: str, y: str) -> list[Path]:
    """Write the XY sheets of two axes, as far as images are there.

    A cell shows the first sample of its point. A page is of one combination of the values of all other axes; those that
    change together with one of the two are no others.

    Arguments:
        folder: Folder of the sweep.
        rows: The images.
        x: Key of the axis from column to column.
        y: Likewise from row to row; "" for one row.

    Returns:
        The pages: ``xy.png``, ``xy-2.png``, ...

    Raises:
        RunError: If one can't be written.
    """
    pages: dict[str, dict[tuple[str, str], ImageRow]] = {}
    rows = list(rows)
    shown = {x, y, *(key for axis in (x, y) if axis for key in tied([row.values for row in rows], axis))}
    for row in rows:
        note = ", ".join(f"{key} = {_label(value)}" for key, value in row.values.items() if key not in shown)
        at = _label(row.values[y]) if y else "", _label(row.values[x])
        cells = pages.setdefault(note, {})
        if at not in cells or row.sample < cells[at].sample:
            cells[at] = row
    # Values in the order of the plan, the same on all pages.
    down = list(dict.fromkeys(at[0] for cells in pages.values() for at in cells))
    across = list(dict.fromkeys(at[1] for cells in pages.values() for at in cells))
    if len(down) * len(across) > CELLS:
        raise RecipeError(f"no XY sheet: {len(down)} x {len(across)} cells are more than it may have ({CELLS})")
    paths = []
    for number, (note, cells) in enumerate(list(pages.items())[:PAGES]):
        path = folder / (f"xy-{number + 1}.png" if number else "xy.png")
        placed = {(down.index(at[0]), across.index(at[1])): folder / row.image for at, row in cells.items()}
        _write_page(path, placed, (y, down), (x, across), note)
        paths.append(path)
    return paths


def _write_page(
    path: Path,
    cells: Mapping[tuple[int, int], Path],
    down: tuple[str, Sequence[str]],
    across: tuple[str, Sequence[str]],
    note: str,
) -> None:
    # Here, or a start with nothing to do would wait for NumPy.
    from superpose.media.grid import grid
    from superpose.media.images import read_picture
    from superpose.media.png import write_png

    pictures = {at: read_picture(image) for at, image in cells.items()}
    write_png(path, grid(pictures, down, across, note), run="xy")


def _label(value: object) -> str:
    return value if isinstance(value, str) else inline(value)
