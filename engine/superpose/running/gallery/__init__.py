"""Galleries: one page that holds all images of one or several runs, and needs nothing else to be looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import jinja2

import superpose
from superpose.errors import RecipeError
from superpose.media.writing import write_text
from superpose.running.album import album
from superpose.running.gallery.contents import ROOM, run_of

#: Name of the page in the folder of a run.
PAGE = "gallery.html"
#: First line of a page that was written here.
HEAD = "<!-- Written by superpose gallery. -->"
_FOLDER = Path(__file__).parent
#: Parts of the script, in order.
_SCRIPTS = ("pixels.js", "state.js", "grid.js", "detail.js", "maps.js", "compare.js", "main.js")


def write_gallery(folders: Sequence[Path], out: Path, names: Sequence[str] = ()) -> None:
    """Write the page of some runs.

    Arguments:
        folders: Of the runs.
        out: The page.
        names: What each run is called, where that is not the name of its folder.

    Raises:
        RecipeError: If a folder has no images of a run, or the file that is there was not written here.
        RunError: If it can't be written.
    """
    if out.exists() and not _is_ours(out):
        raise RecipeError(f"{out} was not written by superpose gallery: choose another file with --out")
    with ExitStack() as opened:
        albums = [opened.enter_context(album(folder)) for folder in folders]
        count = sum(len(each.images) for each in albums)
        runs = [run_of(each, ROOM * len(each.images) // count) for each in albums]
    for run, name in zip(runs, names, strict=False):
        run["name"] = name
    write_text(page(runs), out)


def page(runs: Sequence[dict[str, object]]) -> str:
    """The page as text.

    Arguments:
        runs: What it is told of each run: see `run_of`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    # Inside a script element a text ends it with "</": no name of a stranger's may.
    data = json.dumps(runs, separators=(",", ":")).replace("<", "\\u003c")
    return environment.get_template("page.html.jinja").render(
        head=HEAD,
        title=", ".join(str(run["name"]) for run in runs),
        version=superpose.__version__,
        style=(_FOLDER / "style.css").read_text(encoding="utf-8"),
        script="\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS),
        data=data,
    )


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().rstrip("\n") == HEAD
    except (OSError, UnicodeDecodeError):
        return False
