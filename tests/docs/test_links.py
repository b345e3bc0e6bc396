"""Links between the pages of the repository lead somewhere, to the heading they name; mkdocs looks after the site's."""

import re
from pathlib import Path

import pytest

from superpose.cli import COMMANDS
from superpose.kinds.roles import ROLES

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "benchmarks", "plugins", "tests", "changes", ".github")
PAGES = [*sorted(ROOT.glob("*.md")), *(page for folder in FOLDERS for page in sorted((ROOT / folder).rglob("*.md")))]
REFERENCE = ROOT / "docs" / "reference" / "index.md"


def prose(page):
    """The text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchor(heading):
    """The anchor that GitHub and mkdocs give a heading."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", words).strip())


def anchors(page):
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)}


def links(page):
    """The targets of links and pictures that are not on the web."""
    return re.findall(r"\]\((?!\w+:)([^)\s]+)\)", prose(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in links(page):
        path, _, name = target.partition("#")
        # A fragment is to be a part of CHANGELOG.md.
        folder = ROOT if page.parent.name == "changes" else page.parent
        place = (folder / path).resolve() if path else page
        assert place.exists(), f"{page.relative_to(ROOT)} links to {target}, which is not there"
        assert ROOT in place.parents, f"{page.relative_to(ROOT)} links to {target}, which is outside the repository"
        if name and place.suffix == ".md":
            assert name in anchors(place), f"{page.relative_to(ROOT)} links to {target}, a heading that is not there"


def test_pages_have_pictures():
    """What samples images shows some, where newcomers look first."""
    for page in ("README.md", "docs/index.md", *(f"docs/howto/{role}.md" for role in ROLES if role != "clip")):
        shown = [target for target in links(ROOT / page) if target.endswith(".png")]
        assert shown, f"{page} shows no picture"


def test_the_reference_of_a_clone_has_a_heading_for_every_page():
    wanted = {"commands", "language", "recipes", "python", "laws", *ROLES, *(role.hook for role in ROLES.values())}
    assert anchors(REFERENCE) == wanted | {"reference"}
    text = REFERENCE.read_text()
    for command in re.findall(r"`superpose ([a-z]+)", text):
        assert command in COMMANDS


def test_the_anchor_of_a_heading():
    assert anchor("In Python: `superpose.sample`, [and](more.md) so on") == "in-python-superposesample-and-so-on"
