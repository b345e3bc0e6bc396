"""Dtypes by the names that recipes have for them."""

import attrs
import pytest
import torch

from superpose.estimate.tensors import torch_dtype
from superpose.recipe.tables import Run


@pytest.mark.parametrize("name", attrs.fields(Run).dtype.metadata["limits"].choices)
def test_every_dtype_that_a_recipe_can_name_is_one_of_torch(name):
    found = torch_dtype(name)
    assert torch.zeros(1, dtype=found).dtype == found
    assert str(found) == f"torch.{name}"


def test_a_dtype_is_itself():
    assert torch_dtype(torch.float64) is torch.float64
