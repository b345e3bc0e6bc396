"""Collects the fragments in ``changes/`` into the changelog: ``python -m tests.support.changes`` (or ``just changes``).

A fragment ``changes/ISSUE-NAME.md`` has bullets from the user's view; a line ``### Section`` before them says which
section of the changelog they belong to, and `SECTIONS` are those there are. Bullets without one go under "Other". They
are put at the end of their section under "Unreleased", and the fragments are removed: read the result, and edit it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "changes"
CHANGELOG = ROOT / "CHANGELOG.md"
OTHER = "Other"
#: The sections of a release, in order.
SECTIONS = (
    "Composition",
    "Sampling",
    "Models and checkpoints",
    "Embedded models",
    "Recipes, check and run",
    "Images and replay",
    "For plugin authors",
    "In Python",
    "Documentation and the project",
    OTHER,
)


def bullets(text: str, section: str = OTHER) -> dict[str, list[str]]:
    """The bullets of a fragment, or of a release, by section.

    Raises:
        ValueError: If there is a line that belongs to no bullet, or a section that is unknown.
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if heading := re.fullmatch(r"### (.*)", line):
            section = heading[1]
            if section not in SECTIONS:
                raise ValueError(f"no section {section!r}: use one of {', '.join(SECTIONS)}")
        elif line.startswith("- "):
            found.setdefault(section, []).append(line)
        elif line.startswith("  ") and found.get(section):
            found[section][-1] += f"\n{line}"
        elif line.strip():
            raise ValueError(f"neither a bullet nor a section: {line!r}")
    return found


def collected(changelog: str, fragments: Iterable[str]) -> str:
    """The changelog with the bullets of fragments at the end of their sections, under "Unreleased"."""
    before, heading, rest = changelog.partition("## Unreleased\n")
    body, following, after = rest.partition("\n## ")
    sections = bullets(body)
    for text in fragments:
        for section, more in bullets(text).items():
            sections.setdefault(section, []).extend(more)
    return f"{before}{heading}\n{_written(sections)}{following}{after}"


def _written(sections: Mapping[str, list[str]]) -> str:
    known = [section for section in SECTIONS if section in sections]
    return "\n\n".join("\n".join([f"### {section}", "", *sections[section]]) for section in known) + "\n"


def main() -> None:
    """Collect, and remove what was collected."""
    files = sorted(FOLDER.glob("*.md"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    CHANGELOG.write_text(collected(CHANGELOG.read_text(encoding="utf-8"), texts), encoding="utf-8")
    for file in files:
        file.unlink()


if __name__ == "__main__":
    main()
