"""The measures of the code, printed: ``python -m tests.support.measure``, from the root of the clone.

Those that are laws are held by ``tests/system/test_measures.py``; the others say how far there is to go.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
#: Folders of code, each with packages in it.
SOURCES = ("engine", "plugins")
#: All folders that are measured.
FOLDERS = (*SOURCES, "tests", "docs", "benchmarks")
#: The library that plugins share, which registers nothing, and its public modules.
SHARED = "superpose_networks"
SHARED_PUBLIC = {SHARED, f"{SHARED}.diffae", f"{SHARED}.latent"}
#: The public modules of the engine.
ENGINE_PUBLIC = {"superpose", "superpose.testing"}
#: Plugins that build on another one, of which they import the package alone.
BUILT_ON: dict[str, set[str]] = {"superpose_glyphs": {"superpose_diffae", "superpose_ldm"}}
_RELATIVE = re.compile(r"(what|whether|where|how)\b", re.IGNORECASE)


@attrs.frozen
class Source:
    """One file of Python and its syntax tree.

    Attributes:
        path: The file.
        place: The same from its root, as it is printed.
        module: Its dotted name.
    """

    path: Path
    place: str
    module: str

    @property
    def package(self) -> str:
        """The package at the top of it."""
        return self.module.partition(".")[0]

    @cached_property
    def text(self) -> str:
        """The text of the file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of the file."""
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """Number of its lines."""
        return len(self.text.splitlines())

    def imports(self) -> Iterator[tuple[int, str, str]]:
        """Every import with its line, as (module, name in it), those for type checkers and inside functions too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                yield from ((node.lineno, base, alias.name) for alias in node.names)

    def at(self, line: int) -> str:
        """A place in it, as compilers write it."""
        return f"{self.place}:{line}"

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        here = self.module.split(".")[: -node.level + (self.path.name == "__init__.py") or None]
        return ".".join([*here, *([node.module] if node.module else [])])


@attrs.frozen
class Measure:
    """One measure and what it found.

    Attributes:
        name: What is measured.
        figure: The figure.
        limit: The most that is wanted of it.
        places: Where to look, worst first.
        per: The unit.
    """

    name: str
    figure: float
    limit: float
    places: tuple[str, ...] = ()
    per: str = ""

    @property
    def kept(self) -> bool:
        """True where the figure is within its limit."""
        return self.figure <= self.limit

    def __str__(self) -> str:
        figure = f"{self.figure:.2f}".rstrip("0").rstrip(".")
        return f"{'ok ' if self.kept else 'OFF'} {self.name:<46} {figure:>6}{self.per:<15} at most {self.limit:g}"


@attrs.frozen(eq=False)
class Clone:
    """A clone of the project, to be measured.

    Attributes:
        root: The folder that has ``engine``, ``plugins`` and ``tests`` in it.
    """

    root: Path

    @cached_property
    def _all(self) -> dict[str, list[Source]]:
        return {folder: list(self._read(self.root / folder)) for folder in FOLDERS}

    def sources(self, *folders: str) -> list[Source]:
        """Every file of Python below these folders, in order."""
        return [source for folder in folders for source in self._all[folder]]

    def _read(self, folder: Path) -> Iterator[Source]:
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield Source(path, path.relative_to(self.root).as_posix(), module)

    def packages_of_engine(self) -> Measure:
        """Packages directly below ``superpose``."""
        found = sorted(path.parent.name for path in (self.root / "engine/superpose").glob("*/__init__.py"))
        return Measure("packages in engine/superpose", len(found), 12, tuple(found))

    def cycles_of_engine(self) -> Measure:
        """Circles of modules that import each other, imports for type checkers and inside functions included."""
        return self._cycles("module cycles of the engine", "engine")

    def cycles_of_plugins(self) -> Measure:
        """The same in the plugins."""
        return self._cycles("module cycles of the plugins", "plugins")

    def _cycles(self, name: str, folder: str) -> Measure:
        found = list(circles(self.graph(folder)))
        return Measure(name, len(found), 0, tuple(" -> ".join(circle) for circle in found))

    def foreign_imports_of_engine(self) -> Measure:
        """Imports of a plugin, or of the library of networks, by the engine."""
        found = [
            f"{source.at(line)} imports {module}"
            for source in self.sources("engine")
            for line, module, _ in source.imports()
            if module.startswith("superpose_")
        ]
        return Measure("plugins and networks imported by the engine", len(found), 0, tuple(found))

    def private_imports_of_plugins(self) -> Measure:
        """Imports of plugins that are neither public, nor shared, nor their own, nor of a plugin they are built on."""
        found = []
        for source in self.sources("plugins"):
            allowed = ENGINE_PUBLIC | SHARED_PUBLIC | BUILT_ON.get(source.package, set())
            for line, module, _ in source.imports():
                package = module.partition(".")[0]
                ours = package == "superpose" or package.startswith("superpose_")
                if ours and package != source.package and module not in allowed:
                    found.append(f"{source.at(line)} imports {module}")
        return Measure("private imports of plugins", len(found), 0, tuple(found))

    def anys(self) -> Measure:
        """``Any`` in 100 lines of the engine and the plugins."""
        files = self.sources(*SOURCES)
        counted = {source: sum(_is_any(node) for node in ast.walk(source.tree)) for source in files}
        worst = sorted((source for source in files if counted[source]), key=lambda source: -counted[source])
        lines = sum(source.lines for source in files)
        places = tuple(f"{source.at(1)} has {counted[source]}" for source in worst)
        return Measure("Any", 100 * sum(counted.values()) / lines, 0.5, places, " per 100 lines")

    def relative_docstrings(self) -> Measure:
        """Docstrings that open with a relative clause instead of naming the thing."""
        found, count = [], 0
        for source in self.sources(*SOURCES):
            for node in ast.walk(source.tree):
                if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                text = ast.get_docstring(node)
                count += bool(text)
                if text and _RELATIVE.match(text):
                    found.append(f"{source.at(getattr(node, 'lineno', 1))} {text.splitlines()[0]}")
        return Measure("docstrings that open with a relative clause", 100 * len(found) / count, 2, tuple(found), " %")

    def long_functions(self) -> Measure:
        """Functions of more than 40 lines, from the first to the last."""
        found, count = [], 0
        for source in self.sources(*SOURCES):
            for node in ast.walk(source.tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    count += 1
                    lines = (node.end_lineno or node.lineno) - node.lineno + 1
                    if lines > 40:
                        found.append(f"{source.at(node.lineno)} {node.name} has {lines} lines")
        return Measure("functions over 40 lines", 100 * len(found) / count, 0.5, tuple(found), " %")

    def long_files(self) -> Measure:
        """Files of more than 400 lines, tests and programs of the docs included."""
        files = self.sources(*FOLDERS)
        long = sorted((source for source in files if source.lines > 400), key=lambda source: -source.lines)
        return Measure(
            "files over 400 lines", len(long), 0, tuple(f"{one.at(1)} has {one.lines} lines" for one in long)
        )

    def untested_modules(self) -> Measure:
        """Modules with functions in them and no test file of their own stem in the folder that mirrors theirs."""
        tests = {source.place for source in self.sources("tests")}
        found = [
            (source.lines, source.place)
            for source in self.sources(*SOURCES)
            if mirrored(source.place) not in tests
            and source.path.name != "__init__.py"
            and any(isinstance(node, ast.FunctionDef) for node in ast.walk(source.tree))
        ]
        places = tuple(f"{place}:1 has {lines} lines" for lines, place in sorted(found, reverse=True))
        return Measure("modules without a test file of their stem", len(found), 0, places)

    def lines_without_tests(self) -> Measure:
        """Lines of source for a line of tests."""
        sources, tests = (sum(source.lines for source in self.sources(*folders)) for folders in (SOURCES, ("tests",)))
        return Measure("lines of source", sources / max(tests, 1), 0.83, (), " for a test line")

    def graph(self, folder: str) -> dict[str, set[str]]:
        """The modules that each module imports; a public name of the engine stands for the module that it lives in."""
        modules = {source.module: source for source in self.sources(folder)}
        public = self.public_names()
        arrows: dict[str, set[str]] = {}
        for name, source in modules.items():
            targets = set()
            for _, module, member in source.imports():
                inner = f"{module}.{member}" if f"{module}.{member}" in modules else module
                targets.add(public.get(member, inner) if inner == "superpose" else inner)
            arrows[name] = {target for target in targets if target in modules} - {name}
        return arrows

    def public_names(self) -> dict[str, str]:
        """The module of each public name, from the stub; ``superpose`` itself imports them when they are used."""
        tree = ast.parse((self.root / "engine/superpose/__init__.pyi").read_text(encoding="utf-8"))
        froms = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        return {alias.name: node.module or "" for node in froms for alias in node.names if node.module != "superpose"}


def mirrored(place: str) -> str:
    """The test file of a module: ``tests/engine/media/test_png.py`` of ``engine/superpose/media/png.py``."""
    folder, _, name = place.replace("engine/superpose/", "engine/", 1).rpartition("/")
    return f"tests/{folder}/test_{name}"


def circles(arrows: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Circles of a graph, each with its ends equal, until none is left when one arrow of each is taken out."""
    left = {name: set(targets) for name, targets in arrows.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][::-1]
            left[circle[0]].discard(circle[1])
            yield circle
        else:
            return


def _is_any(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "Any"


#: Measures that are laws: a test holds them.
LAWS = (
    Clone.packages_of_engine,
    Clone.cycles_of_engine,
    Clone.cycles_of_plugins,
    Clone.foreign_imports_of_engine,
    Clone.private_imports_of_plugins,
    Clone.long_files,
    Clone.relative_docstrings,
    Clone.long_functions,
    Clone.anys,
    Clone.untested_modules,
)
#: Measures that are still on their way to their limit; one that has come there becomes a law.
GOALS: tuple[Callable[[Clone], Measure], ...] = (Clone.lines_without_tests,)


def main() -> None:
    """Print every measure; with ``-v`` the places, ten of each."""
    clone = Clone(ROOT)
    for measure in LAWS + GOALS:
        found = measure(clone)
        print(found)
        if "-v" in sys.argv[1:] and not found.kept:
            for place in found.places[:10]:
                print(f"      {place}")


if __name__ == "__main__":
    main()
