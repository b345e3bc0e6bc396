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


def _recipe(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    said = re.search(r"^# (.*)$", text, re.MULTILINE)
    picture = f"![{path.stem}](../images/{path.stem}.png)"
    shown = [picture] if (PICTURES / f"{path.stem}.png").exists() else []
    parts = [f"## {path.stem}", *([said[1]] if said else []), *shown, fenced("toml", text)]
    return "\n\n".join(parts)
