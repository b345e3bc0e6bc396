"""Links to the reference: in a clone they lead to a page that says how to read it, on the site to the page itself."""

from __future__ import annotations

import re

from generator.hooks import specified

#: The page of a clone; each of its headings is the name of a generated page.
INDEX = "reference/index.md"
_LINK = re.compile(r"\]\(((?:\.\./)*)reference/index\.md#(\w+)\)")
_HEADING = re.compile(r"^## (\w+)$", re.MULTILINE)


def resolved(markdown: str, page: str) -> str:
    """The text of a page with its links to the reference as the site has them.

    Arguments:
        markdown: The text.
        page: Its path under ``docs``; the headings of `INDEX` become links.
    """
    if page == INDEX:
        return _HEADING.sub(lambda found: f"## [{found[1]}]({_place(found[1])})", markdown)
    return _LINK.sub(lambda found: f"]({found[1]}reference/{_place(found[2])})", markdown)


def _place(name: str) -> str:
    return f"hooks/{name}.md" if name in specified() else f"{name}.md"
