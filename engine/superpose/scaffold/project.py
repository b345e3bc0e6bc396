"""The files of a new plugin, as texts."""

from __future__ import annotations

import re
from importlib.resources import files
from string import Template

import attrs
from packaging.version import Version

import superpose
from superpose.errors import PluginError
from superpose.kinds.spelling import suggestion
from superpose.plugins import Registry
from superpose.plugins.validate import NAME
from superpose.scaffold import EXAMPLES

#: Where each file comes from, in a project of any role.
_FILES = {
    "pyproject.toml": "project/pyproject.toml",
    "README.md": "project/README.md",
    "LICENSE": "project/LICENSE",
    ".gitignore": "project/gitignore",
    ".github/workflows/test.yml": "project/test.yml",
    "src/$module/__init__.py": "$role/module.py",
    "src/$module/py.typed": "project/py.typed",
    "recipes/$name.toml": "$role/recipe.toml",
    "tests/test_$stem.py": "$role/tests.py",
}
#: Characters that a name may have at most: with more, lines of the project grow too long.
LONGEST = 30
_AUTHOR = re.compile(r"(?P<name>[^<>]*[^<>\s])(?:\s*<(?P<address>[^<>@\s]+@[^<>@\s]+)>)?")
#: What a role needs besides.
_FURTHER = {role: {"src/$module/predictor.py": f"{role}/predictor.py"} for role in ("model", "classifier")}


@attrs.frozen(kw_only=True)
class Project:
    """A plugin that is still to be written.

    Attributes:
        name: Name of the plugin and of its kind: ``hinge``.
        role: What it adds: a key of `EXAMPLES`.
        author: ``Ada Lovelace <ada@example.org>``, or a name alone; empty for the authors of the plugin.

    Raises:
        PluginError: If the name or the author is not one; says what to write instead.
    """

    name: str
    role: str = "view"
    author: str = ""

    def __attrs_post_init__(self) -> None:
        """Refuse what would make a project that does not work."""
        if self.role not in EXAMPLES:
            raise PluginError(f"there is no role {self.role!r}{suggestion(self.role, EXAMPLES)}")
        if not NAME.fullmatch(self.name):
            raise PluginError(
                "the name of a plugin must be lower case letters and digits with single hyphens between, such as "
                f"'hinge' or 'two-fold', not {self.name!r}"
            )
        if len(self.name) > LONGEST:
            raise PluginError(
                f"the name of a plugin has at most {LONGEST} characters, for people write it in recipes; "
                f"{self.name!r} has {len(self.name)}"
            )
        if self.name.split("-")[0] == "superpose":
            bare = self.name.removeprefix("superpose").removeprefix("-") or "hinge"
            raise PluginError(f"{self.name!r} would be installed as {self.distribution}: write {bare!r}")
        if self.author and not (_AUTHOR.fullmatch(self.author) and self.author.isprintable()):
            raise PluginError(
                "the author must be a name, or a name and an address such as 'Ada Lovelace <ada@example.org>', "
                f"got {self.author!r}"
            )

    @property
    def distribution(self) -> str:
        """Name of the distribution: ``superpose-hinge``."""
        return f"superpose-{self.name}"

    @property
    def module(self) -> str:
        """Name of the package: ``superpose_hinge``."""
        return self.distribution.replace("-", "_")

    @property
    def cls(self) -> str:
        """The class of the kind: ``HingeView``. It ends in its role, so that no name hides what the module imports."""
        return "".join(word.capitalize() for word in self.name.split("-")) + self.role.capitalize()

    def check(self, registry: Registry) -> None:
        """Refuse a name that others have.

        Raises:
            PluginError: If one of them has a plugin of that name, or a kind of that name and role.
        """
        for plugin in registry.plugins:
            if plugin.distribution == self.distribution:
                continue
            if plugin.name == self.name:
                raise PluginError(f"{plugin.label} has a plugin called {self.name!r} already: choose another name")
            if self.name in plugin.adds.get(self.role, ()):
                raise PluginError(f"{plugin.label} has a {self.role} called {self.name!r} already: choose another name")

    def texts(self) -> dict[str, str]:
        """The text of each file, by its path in the project."""
        words = self._words()
        words["snippet"] = _filled(f"{self.role}/snippet.toml", words).rstrip()
        sources = _FILES | _FURTHER.get(self.role, {})
        return {
            Template(path).substitute(words): _filled(Template(source).substitute(words), words)
            for path, source in sources.items()
        }

    def _words(self) -> dict[str, str]:
        return {
            "name": self.name,
            "role": self.role,
            "distribution": self.distribution,
            "module": self.module,
            "stem": self.name.replace("-", "_"),
            "cls": self.cls,
            "example": EXAMPLES[self.role],
            "requirement": requirement(superpose.__version__),
            "authors": _authors(self.author),
            "holder": _person(self.author)[0] or f"the {self.distribution} authors",
        }


def requirement(version: str) -> str:
    """The versions that keep what this one promises: up to the next minor one before 1.0, the next major one after.

    >>> requirement("0.1.3"), requirement("2.4.0")
    ('superpose>=0.1,<0.2', 'superpose>=2.4,<3')
    """
    major, minor = Version(version).release[:2]
    return f"superpose>={major}.{minor},<{major + 1 if major else f'0.{minor + 1}'}"


def _filled(source: str, words: dict[str, str]) -> str:
    text = files("superpose.scaffold").joinpath("templates", f"{source}.template").read_text(encoding="utf-8")
    return Template(text).substitute(words)


def _person(author: str) -> tuple[str, str]:
    match = _AUTHOR.fullmatch(author)
    return (match["name"].strip(), match["address"] or "") if match else ("", "")


def _authors(author: str) -> str:
    name, address = _person(author)
    if not name:
        return ""
    entry = f"name = {_quoted(name)}" + (f", email = {_quoted(address)}" if address else "")
    return f"authors = [{{ {entry} }}]\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
