"""The site builds without a warning, loads nothing from elsewhere, and its reference says what the code says."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import superpose
from superpose import testing
from superpose.cli import COMMANDS
from superpose.kinds.options import options_of
from superpose.plugins import hooks, load_plugins
from superpose.recipe.json_schema import shipped
from superpose.running.citation import bibtex

ROOT = Path(__file__).parent.parent.parent
REGISTRY = shipped(load_plugins())
HOOKS = [name for name, it in inspect.getmembers(hooks, inspect.isfunction) if hasattr(it, "superpose_spec")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as strictly as mkdocs can."""
    pytest.importorskip("mkdocs", reason="mkdocs is not installed: pip install superpose[docs]")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages that are made from the code, as Markdown."""
    pytest.importorskip("mkdocs", reason="mkdocs is not installed: pip install superpose[docs]")
    out = tmp_path_factory.mktemp("pages")
    subprocess.run([sys.executable, "docs/generate.py", str(out)], cwd=ROOT, check=True)
    return {path.relative_to(out).as_posix(): path.read_text() for path in sorted(out.rglob("*.md"))}


def test_every_written_page_is_on_the_site(site):
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs")).with_suffix(".html").exists(), page


def test_every_generated_page_is_in_the_navigation(site, pages):
    start = (site / "index.html").read_text()
    for page in pages:
        assert f'href="{page.removesuffix(".md")}.html"' in start, f"{page} is missing from nav in mkdocs.yml"


def test_generated_pages_are_not_committed(pages):
    for page in pages:
        assert not (ROOT / "docs" / page).exists(), f"docs/{page} is made when the site is built; delete it"


def test_nothing_is_loaded_from_elsewhere(site):
    loaded = re.compile(r"<(?:script|img|iframe)\b[^>]*\bsrc=\"(?:https?:)?//|<link\b[^>]*\bhref=\"(?:https?:)?//")
    for page in site.rglob("*.html"):
        assert not loaded.search(page.read_text()), page


def test_no_sources_are_copied_to_the_site(site):
    assert not list(site.rglob("*.py*"))


def test_formulas_are_drawn(site):
    text = (site / "algebra.html").read_text()
    assert "<math" in text
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "elumrof" not in text, f"{page} has lost a formula"
        assert not re.search(r"<m\w+>\\[a-z]", text), f"{page} has a formula that is not understood"
        outside = re.sub(r"<(pre|code|title|script)\b.*?</\1>", "", text, flags=re.DOTALL)
        assert "$$" not in outside, f"{page} has a formula that is not drawn"
        assert ":math:" not in outside, f"{page} has a formula that is not drawn"


@pytest.mark.parametrize("role", REGISTRY.roles)
def test_every_kind_has_its_place_in_the_reference(role, pages):
    text = pages[f"reference/{role}.md"]
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    for kind, cls in REGISTRY.kinds(role).items():
        assert kind in sections, f"{role} {kind}"
        for option in options_of(cls):
            assert f"| `{option.name}` |" in sections[kind], f"{role} {kind} hides {option.name}"
        for paper in cls.papers:
            entry = re.match(r"@\w+\{(.+?),", paper)
            assert (entry[1] if entry else paper) in sections[kind], f"{role} {kind} hides {paper}"
            assert bibtex(paper) in text, f"{role} {kind} hides the entry of {paper}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_place_in_the_reference(command, pages):
    assert f"\n## superpose {command}\n" in pages["reference/commands.md"]


def test_every_law_has_its_place_in_the_reference(pages):
    for name in testing.__all__:
        assert f"\n## {name}\n" in pages["reference/laws.md"], name


def test_every_recipe_has_its_place_in_the_reference(pages):
    for recipe in (ROOT / "recipes").glob("*.toml"):
        assert recipe.read_text().rstrip() in pages["reference/recipes.md"], recipe.name


def test_no_entry_of_the_reference_is_empty(pages):
    for page, text in pages.items():
        bare = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        for heading, body in re.findall(r"^(#+ [^\n]*)\n(.*?)(?=^#+ |\Z)", bare, re.DOTALL | re.MULTILINE):
            if heading != "## BibTeX":
                assert re.search(r"\w+ \w+", body), f"{page} says nothing of {heading.lstrip('# ')}"
        assert not re.search(r"^\|(?:.*\|)? +\|", bare, re.MULTILINE), f"{page} has a table with an empty cell"


def test_every_public_name_has_its_place_in_the_reference(pages):
    for name in set(superpose.__all__) - {"testing"}:
        assert f"\n## {name}\n" in pages["reference/python.md"], name


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_page_with_its_exact_signature(hook, pages):
    written = inspect.getsource(getattr(hooks, hook))
    line = next(line for line in written.splitlines() if line.startswith(f"def {hook}"))
    assert line in pages[f"reference/hooks/{hook}.md"]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook):
    """Which is in test_hooks.py, and called after it."""
    tests = (Path(__file__).parent / "test_hooks.py").read_text()
    assert f"def test_{hook}(" in tests, f"tests/docs/test_hooks.py has no test_{hook}"
