"""The hook of mkdocs: adds the reference, which is made from the code, and draws formulas.

``python docs/generate.py DIR`` writes the pages of the reference to a folder, to be looked at.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from generator import commands, formulas, hooks, kinds, language, public_api, recipes, references

from superpose.plugins import load_plugins
from superpose.recipe.json_schema import shipped

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

#: Where the pictures of all recipes stand.
GALLERY = "<!-- gallery of recipes -->"

_taken: dict[str, list[str]] = {}


def pages() -> dict[str, str]:
    """The Markdown of every generated page, by its path."""
    registry = shipped(load_plugins())
    made = {
        "reference/recipes.md": recipes.page(),
        "reference/language.md": language.page(registry),
        "reference/commands.md": commands.page(),
        "reference/python.md": public_api.public_api(),
        "reference/laws.md": public_api.laws(),
    }
    made |= {f"reference/{role}.md": kinds.page(role, registry) for role in registry.roles}
    made |= {f"reference/hooks/{name}.md": hooks.page(name) for name in hooks.specified()}
    return made


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those that are written."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Put the gallery in, lead links to the reference to its pages, and take the formulas out."""
    markdown = markdown.replace(GALLERY, recipes.gallery())
    text, _taken[page.file.src_uri] = formulas.take_out(references.resolved(markdown, page.file.src_uri))
    return text


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Put the formulas in."""
    return formulas.put_in(html, _taken.pop(page.file.src_uri))


if __name__ == "__main__":
    for path, text in pages().items():
        file = Path(sys.argv[1], path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
