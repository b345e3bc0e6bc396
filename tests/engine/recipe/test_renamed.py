"""Old keys of a recipe are refused, and told the new one."""

import pytest

from reading import HEAD, mistakes
from superpose.recipe.renamed import RENAMED


@pytest.mark.parametrize(("table", "old"), RENAMED, ids="-".join)
def test_an_old_key_is_told_the_new_one(table, old):
    new = RENAMED[table, old]
    [line] = mistakes(HEAD + f'prompt = "up"\n[{table}]\n{old} = 4\n')
    assert line.endswith(f"{table}.{old}: is called {new!r} now")
