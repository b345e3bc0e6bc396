"""Read a recipe of the example kinds, and the mistakes in one."""

import textwrap

import pytest

from example_kinds import (
    REGISTRY,
)
from superpose import recipe
from superpose.recipe import MistakesError

HEAD = 'model = {kind = "toy"}\nscheduler = {kind = "ddim", steps = 4}\n'


def loads(text, *overrides, **options):
    return recipe.loads(
        textwrap.dedent(text), **{"name": "r.toml", "overrides": overrides, "registry": REGISTRY, **options}
    )


def mistakes(text, *overrides, **options):
    with pytest.raises(MistakesError) as caught:
        loads(text, *overrides, **options)
    lines = str(caught.value).split("\n")
    assert lines == [mistake.line for mistake in caught.value.mistakes]
    return lines
