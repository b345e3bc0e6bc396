"""The page of the recipes that come with superpose, as they stand."""

from __future__ import annotations

import re
from pathlib import Path

from generator.prose import fenced

FOLDER = Path(__file__).parent.parent.parent / "recipes"
PICTURES = Path(__file__).parent.parent / "images"


def page() -> str:
    """Every recipe, under what it says of itself."""
    intro = "Each runs as it stands, on the embedded models, in seconds on a CPU: `superpose run recipes/NAME.toml`."
    return "\n\n".join(["# Recipes", intro, *map(_recipe, sorted(FOLDER.glob("*.toml")))]) + "\n"


def gallery(columns: int = 2) -> str:
    """A table of pictures, one of each recipe that has one, each leading to it; pictograms first."""
    shown = [path for path in sorted(FOLDER.glob("*.toml")) if (PICTURES / f"{path.stem}.png").exists()]
    shown.sort(key=lambda path: not path.stem.startswith("pictogram"))
    cells = [
        f"[![{path.stem}](images/{path.stem}.png)](reference/recipes.md#{path.stem})<br>{_said(path)}" for path in shown
    ]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    lines = [" | ".join(["", *row, *[""] * (columns - len(row)), ""]).strip() for row in rows]
    return "\n".join([f"|{' |' * columns}", f"|{'---|' * columns}", *lines])


def _said(path: Path) -> str:
    """What a recipe says of itself: its first comment that is a sentence."""
    said = re.search(r"^# (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return said[1] if said else ""


def _recipe(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    said = _said(path)
    picture = f"![{path.stem}](../images/{path.stem}.png)"
    shown = [picture] if (PICTURES / f"{path.stem}.png").exists() else []
    parts = [f"## {path.stem}", *([said] if said else []), *shown, fenced("toml", text)]
    return "\n\n".join(parts)
