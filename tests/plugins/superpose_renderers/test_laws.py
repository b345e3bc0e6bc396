"""Every renderer that is registered keeps the laws, in every variant and at sizes that nobody thinks of."""

import pytest

from superpose.plugins import load_plugins
from superpose.testing import check_renderer, variants

RENDERERS = [instance for cls in load_plugins().kinds("renderer").values() for instance in variants(cls)]


@pytest.mark.parametrize("size", [(3, 32, 32), (1, 28, 28), (4, 9, 13)], ids=str)
@pytest.mark.parametrize("renderer", RENDERERS, ids=str)
def test_the_laws(renderer, size):
    check_renderer(renderer, *size)
