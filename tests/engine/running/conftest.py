"""The small models, installed as a plugin beside what is installed."""

import pytest

from superpose.plugins import discovery


@pytest.fixture
def small(tmp_path_factory, monkeypatch):
    """Install `small_models` for the length of a test."""
    folder = tmp_path_factory.mktemp("site")
    about = folder / "superpose_small-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: superpose-small\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[superpose]\nsmall = small_models\n")
    monkeypatch.syspath_prepend(str(folder))
    discovery._loaded.cache_clear()
    yield
    discovery._loaded.cache_clear()
