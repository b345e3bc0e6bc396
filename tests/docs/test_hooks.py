"""Every hook, implemented by nothing but what its how-to page writes: a plugin that is found, loaded and used."""

import re
import sys
from pathlib import Path

import pytest

from problems import told
from superpose.plugins import BLOCK, discover
from superpose.recipe.example import example

HOWTO = Path(__file__).parent.parent.parent / "docs" / "howto"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install the code of a how-to page as a distribution with one entry point, beside what is installed."""
    monkeypatch.delenv(BLOCK, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = []

    def install(role):
        code, *_ = re.findall(r"^```python\n(.*?)^```", (HOWTO / f"{role}.md").read_text(), re.DOTALL | re.MULTILINE)
        written, _, _ = code.partition("\n\n\nfrom superpose.testing")  # the rest of the page tries it out
        module = f"superpose_howto_{role}"
        modules.append(module)
        (tmp_path / f"{module}.py").write_text(written.partition("\n\n\nimport superpose\n")[0] + "\n")
        folder = tmp_path / f"superpose_howto_{role}-0.1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: superpose-howto-{role}\nVersion: 0.1\n")
        (folder / "entry_points.txt").write_text(f"[superpose]\nhowto-{role} = {module}\n")
        registry = discover()
        [plugin] = [plugin for plugin in registry.plugins if plugin.name == f"howto-{role}"]
        assert plugin.status == "loaded", plugin
        assert set(plugin.adds) == {role}, f"the page of {role} registers {plugin.adds}"
        return registry, plugin.adds[role]

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def adds(installed, role, kind):
    """Whether the plugin of the page adds this kind, with a manual and all that belongs to it."""
    registry, kinds = installed(role)
    assert kinds == (kind,)
    cls = registry.get(role, kind)
    assert registry.owner(cls).distribution == f"superpose-howto-{role}"
    assert f'kind = "{kind}"' in example(cls, registry)
    return cls


def test_register_models(installed):
    assert adds(installed, "model", "gradients")().shape == (3, 16, 16)


def test_register_schedulers(installed):
    assert adds(installed, "scheduler", "adams")(steps=3).steps == 3


def test_register_guidances(installed):
    assert adds(installed, "guidance", "fading")(scale=2.0).scale == 2.0


def test_register_clips(installed):
    assert adds(installed, "clip", "between")(bright=0.5).bright == 0.5


def test_register_classifiers(installed):
    assert adds(installed, "classifier", "side")(size=8).shape == (3, 8, 8)


def test_register_views(installed):
    assert "even" in told(adds(installed, "view", "quadrants")(), (3, 7, 8))


def test_register_decompositions(installed):
    assert adds(installed, "decomposition", "blocks").names == ("coarse", "fine")


def test_register_operators(installed):
    assert "write at most 2" in told(adds(installed, "operator", "rows")(every=4), (3, 2, 8))


def test_register_losses(installed):
    assert adds(installed, "loss", "bright")(brightness=0.5).brightness == 0.5


def test_register_renderers(installed):
    assert adds(installed, "renderer", "waves")(waves=3).waves == 3


def test_register_constraints(installed):
    assert adds(installed, "constraint", "mirror")().hooks() == {"on_clean", "finish"}


def test_register_populations(installed):
    assert adds(installed, "population", "steady")(size=3).weighs(9, 10)


def test_register_media(installed):
    assert adds(installed, "medium", "ink")(drop=0.5).described((3, 2, 4)) == "at most 4 ml of ink"


def test_register_executors(installed):
    assert adds(installed, "executor", "threaded")(threads=3).threads == 3
