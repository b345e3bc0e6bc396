"""The floor of coverage of each package: ``.ci/run`` and ``just coverage`` measure the whole suite.

``python -m tests.support.floors FILE`` reads what ``coverage json`` writes. Measuring begins with each process, before
the plugin of pytest imports superpose: see ``.ci/measured``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Per cent of the lines of a package that tests run, at least: some below what was measured, as some tests skip
#: where a browser or an extra is missing.
FLOORS: dict[str, int] = {
    "superpose": 91,
    "superpose.cli": 93,
    "superpose.estimate": 95,
    "superpose.kinds": 95,
    "superpose.levels": 95,
    "superpose.media": 95,
    "superpose.plugins": 95,
    "superpose.recipe": 95,
    "superpose.running": 95,
    "superpose.sampling": 94,
    "superpose.scaffold": 95,
    "superpose.search": 95,
    "superpose.testing": 94,
    "superpose_adm": 94,
    "superpose_clip_reader": 93,
    "superpose_clips": 95,
    "superpose_constraints": 95,
    "superpose_ddpm": 93,
    "superpose_decompositions": 95,
    "superpose_deepfloyd": 95,
    "superpose_diffae": 95,
    "superpose_diffusers": 93,
    "superpose_distillation": 95,
    "superpose_dit": 94,
    "superpose_edm": 95,
    "superpose_executors": 85,
    "superpose_gaussian": 95,
    "superpose_glyphs": 95,
    "superpose_guidance": 95,
    "superpose_ldm": 93,
    "superpose_losses": 88,
    "superpose_networks": 95,
    "superpose_operators": 95,
    "superpose_populations": 88,
    "superpose_renderers": 95,
    "superpose_schedulers": 95,
    "superpose_sounds": 90,
    "superpose_soup": 90,
    "superpose_views": 95,
    "superpose_words": 90,
}


def package_of(path: Path) -> str:
    """The room of the engine or the plugin that a file is in: ``superpose.kinds``, ``superpose_views``."""
    _, top, *rooms = path.parts[:-1]
    return top if top != "superpose" or not rooms else f"{top}.{rooms[0]}"


def shares(report: Mapping[str, Any]) -> dict[str, float]:
    """The covered share of each package in a report, in per cent."""
    lines: dict[str, list[int]] = {}
    for path, file in report["files"].items():
        covered, all_lines = lines.setdefault(package_of(Path(path)), [0, 0])
        summary = file["summary"]
        lines[package_of(Path(path))] = [
            covered + summary["covered_lines"],
            all_lines + summary["num_statements"],
        ]
    return {package: 100 * covered / max(1, count) for package, (covered, count) in lines.items()}


def below(found: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """A line for each package below its floor, those without a floor or a measure among them."""
    low = [
        f"{package}: {found.get(package, 0):.1f} % of its lines are run by tests, and {floor} % must be"
        for package, floor in floors.items()
        if found.get(package, 0) < floor
    ]
    new = sorted(found.keys() - floors.keys())
    return low + [
        f"{package}: has no floor yet; {found[package]:.1f} % of its lines are run by tests" for package in new
    ]


def main() -> int:
    """Tell what each package has, and what is below its floor; 1 where something is."""
    found = shares(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stdout.writelines(f"{package:<32}{share:6.1f} %\n" for package, share in sorted(found.items()))
    lines = below(found, FLOORS)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
