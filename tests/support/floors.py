"""The floor of coverage of each package by its own tests: ``just coverage``.

``python -m tests.support.floors FILE`` reads what ``coverage json`` writes. It is a step of its own: it must begin
before the plugin of pytest imports superpose, and tests take more than a quarter longer with it on Python 3.11.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Per cent of the lines of a package that ``tests/engine/PACKAGE`` run, at least; those of a fast subset of packages.
FLOORS = {"kinds": 94, "media": 86, "plugins": 97}


def shares(report: Mapping[str, Any]) -> dict[str, float]:
    """The covered share of each package of the engine in a report, in per cent."""
    lines: dict[str, list[int]] = {}
    for path, file in report["files"].items():
        package = Path(path).parent.name
        covered, all_lines = lines.setdefault(package, [0, 0])
        summary = file["summary"]
        lines[package] = [covered + summary["covered_lines"], all_lines + summary["num_statements"]]
    return {package: 100 * covered / max(1, count) for package, (covered, count) in lines.items()}


def below(found: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """A line for each package below its floor, those that were not measured among them."""
    return [
        f"{package}: {found.get(package, 0):.1f} % of its lines are run by its own tests, and {floor} % must be"
        for package, floor in floors.items()
        if found.get(package, 0) < floor
    ]


def main() -> int:
    """Tell what is below its floor; 1 where something is."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = below(shares(report), FLOORS)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
