"""The fragments of the changelog: they can be collected at any time, and nothing is lost."""

import pytest

from changes import CHANGELOG, FOLDER, OTHER, SECTIONS, bullets, collected

LOG = """# Changelog

## Unreleased

### Sampling

- Heun.

### Other

- Old.

## 0.1.0

- First.
"""


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.md")), ids=lambda file: file.name)
def test_a_fragment_can_be_collected(file):
    assert bullets(file.read_text()), f"{file.name} has no bullets"


def test_the_changelog_is_in_sections():
    unreleased = CHANGELOG.read_text().partition("## Unreleased\n")[2].partition("\n## ")[0]
    assert set(bullets(unreleased)) <= set(SECTIONS)
    assert collected(CHANGELOG.read_text(), []) == CHANGELOG.read_text()


def test_bullets_go_to_the_end_of_their_sections():
    text = collected(LOG, ["### Composition\n- A view,\n  of two lines.\n", "- Loose.\n### Sampling\n- Euler.\n"])
    assert text == LOG.replace(
        "### Sampling\n\n- Heun.", "### Composition\n\n- A view,\n  of two lines.\n\n### Sampling\n\n- Heun.\n- Euler."
    ).replace("- Old.", "- Old.\n- Loose.")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A sentence.", "neither a bullet nor a section: 'A sentence.'"),
        ("### Fixed\n- A.", f"no section 'Fixed': use one of {SECTIONS[0]}"),
    ],
)
def test_what_is_no_fragment_is_told(text, why):
    with pytest.raises(ValueError, match=why.replace("(", r"\(")):
        bullets(text)


def test_a_bullet_without_a_section_is_kept():
    assert bullets("- A.\n- B.") == {OTHER: ["- A.", "- B."]}
