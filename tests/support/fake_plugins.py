"""Distributions with a plugin that are made up for a test."""

import sys
import textwrap
from pathlib import Path

import superpose
from superpose.plugins import BLOCK, discovery

HEADER = """
import attrs
from superpose.plugins import hookimpl
from superpose.estimate.view import View
from superpose.estimate.decomposition import Decomposition


class Still(View):
    def apply(self, x):
        return x

    def invert(self, x):
        return x

"""


def view(kind):
    name = kind.title().replace("-", "")
    return f'@attrs.frozen(kw_only=True)\nclass {name}(Still):\n    """A view."""\n    kind = "{kind}"\n\n\n'


def views(*kinds):
    """A module that registers views of these kinds."""
    names = [kind.title().replace("-", "") for kind in kinds]
    calls = "".join(f"    register({name})\n" for name in names)
    return HEADER + "".join(map(view, kinds)) + "@hookimpl\ndef register_views(register):\n" + calls


def installing(tmp_path, monkeypatch):
    """Yield a function that installs a distribution with one plugin: a real dist-info folder and a module on the path.

    Ours are hidden, and what was loaded before is forgotten, before and after.
    """
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv(BLOCK, raising=False)
    modules = set()

    def metadata(distribution, version, entries, requires=()):
        folder = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n{needs}")
        lines = "".join(f"{name} = {module}\n" for name, module in entries.items())
        (folder / "entry_points.txt").write_text(f"[superpose]\n{lines}")

    def install(name, code, *, distribution=None, version="0.3", requires=()):
        module = f"fake_{len(modules)}"
        modules.add(module)
        Path(tmp_path, f"{module}.py").write_text(textwrap.dedent(code))
        metadata(distribution or f"superpose-{name}", version, {name: module}, requires)
        return module

    metadata("superpose", superpose.__version__, {})  # hides the plugins of the checkout itself
    install.metadata = metadata
    discovery._loaded.cache_clear()
    yield install
    discovery._loaded.cache_clear()
    for module in modules:
        sys.modules.pop(module, None)
