"""The file of a search: its numbers in the first line, then a line for each pair; what it holds is not drawn again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from superpose.errors import RunError
from superpose.search.tally import Tally, ranked

LINES, TABLE, LIST = "pairs.jsonl", "pairs.csv", "pairs.json"


@attrs.frozen
class Record:
    """Record of what a search has found so far, in a folder.

    Attributes:
        folder: Where it is kept.
        numbers: What decides the drawings: model, view, words, steps and so on.
    """

    folder: Path
    numbers: Mapping[str, object]

    def read(self) -> list[Tally]:
        """Read what is there already; begins the file where there is none.

        Raises:
            RunError: The folder holds another search.
        """
        path = self.folder / LINES
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(self.numbers) + "\n", encoding="utf-8")
            return []
        first, *lines = _whole(path)
        found = json.loads(first)
        mine = json.loads(json.dumps(self.numbers))
        differing = [name for name in {**mine, **found} if found.get(name) != mine.get(name)]
        if differing:
            raise RunError(
                f"{path} is of another search, whose {differing[0]} was {found.get(differing[0])!r}: give another --out"
            )
        return [Tally(**json.loads(line)) for line in lines]

    def add(self, tally: Tally) -> None:
        """Note what was read of a pair."""
        with (self.folder / LINES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(attrs.asdict(tally)) + "\n")

    def write(self, tallies: list[Tally]) -> None:
        """Write both tables, the best pairs first."""
        rows = [tally.row for tally in ranked(tallies)]
        text = json.dumps({**self.numbers, "pairs": rows}, indent=1) + "\n"
        (self.folder / LIST).write_text(text, encoding="utf-8")
        with (self.folder / TABLE).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["first", "second"])
            writer.writeheader()
            writer.writerows(rows)


def _whole(path: Path) -> Iterator[str]:
    """Lines that were written to their end; a line that an interruption cut is forgotten, and drawn again."""
    text = path.read_text(encoding="utf-8")
    kept, _, cut = text.rpartition("\n")
    if cut:
        path.write_text(kept + "\n", encoding="utf-8")
    yield from kept.split("\n")
