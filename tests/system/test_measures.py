"""The measures of the code that are laws hold, and each measure finds what it is there to find."""

import pytest

import measure
from measure import GOALS, LAWS, Clone

#: A small clone with one fault of every sort.
FAULTY = {
    "engine/superpose/__init__.pyi": "from superpose.kinds.kind import Kind as Kind\n",
    "engine/superpose/kinds/__init__.py": "",
    "engine/superpose/kinds/kind.py": """
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..levels.table import Table


def one():
    '''Whether it is one.'''
""",
    "engine/superpose/levels/__init__.py": "",
    "engine/superpose/levels/table.py": "def two():\n    from superpose import Kind\n    import superpose_views\n",
    "plugins/superpose_views/__init__.py": """
from typing import Any

import superpose.levels.table
from superpose_networks.unet import UNet
from superpose_networks import latent
from superpose_views.own import own


def three(x: Any) -> Any:
    '''Three.'''
"""
    + "    x\n" * 39,
    "plugins/superpose_views/own.py": "from superpose_views import three\n",
    "tests/test_long.py": "\n" * 401,
    "tests/engine/kinds/test_kind.py": "",
}


@pytest.fixture
def faulty(tmp_path, monkeypatch):
    for name, text in FAULTY.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Clone(tmp_path)


@pytest.fixture(scope="module")
def ours():
    return Clone(measure.ROOT)


@pytest.mark.parametrize("law", LAWS, ids=lambda it: it.__name__)
def test_a_law_holds(law, ours):
    found = law(ours)
    assert found.kept, "\n".join([str(found), *found.places])


@pytest.mark.parametrize(
    ("name", "figure", "place"),
    [
        ("packages_of_engine", 2, "kinds"),
        ("cycles_of_engine", 1, "superpose.kinds.kind -> superpose.levels.table -> superpose.kinds.kind"),
        ("cycles_of_plugins", 1, "superpose_views -> superpose_views.own -> superpose_views"),
        ("foreign_imports_of_engine", 1, "engine/superpose/levels/table.py:3 imports superpose_views"),
        ("private_imports_of_plugins", 2, "plugins/superpose_views/__init__.py:4 imports superpose.levels.table"),
        ("anys", 100 * 2 / 63, "plugins/superpose_views/__init__.py:1 has 2"),
        ("relative_docstrings", 50, "engine/superpose/kinds/kind.py:8 Whether it is one."),
        ("long_functions", 100 / 3, "plugins/superpose_views/__init__.py:10 three has 41 lines"),
        ("long_files", 1, "tests/test_long.py:1 has 401 lines"),
        ("untested_modules", 1, "engine/superpose/levels/table.py:1 has 3 lines"),
        ("lines_without_tests", 63 / 401, ""),
    ],
)
def test_a_fault_is_found(faulty, name, figure, place):
    found = getattr(Clone, name)(faulty)
    assert found.figure == pytest.approx(figure)
    assert place in "\n".join(found.places)
    assert name in ("packages_of_engine", "lines_without_tests") or not found.kept


def test_all_are_printed(monkeypatch, capsys, faulty):
    monkeypatch.setattr(measure, "ROOT", faulty.root)
    monkeypatch.setattr("sys.argv", ["measure", "-v"])
    measure.main()
    told = capsys.readouterr().out
    assert len([line for line in told.splitlines() if line.startswith(("ok ", "OFF"))]) == len(LAWS + GOALS)
    assert "      tests/test_long.py:1 has 401 lines\n" in told
