"""Devices by name."""

from __future__ import annotations

import pytest

from superpose import RecipeError
from superpose.running.machine import chosen_device


def test_a_device_that_is_here_is_taken_and_auto_is_one() -> None:
    assert chosen_device("cpu") == "cpu"
    assert chosen_device("auto") in ("cpu", "cuda", "mps")


@pytest.mark.parametrize("name", ["cuda:99", "meta", "gpu"])
def test_another_is_refused_with_the_cure(name: str) -> None:
    with pytest.raises(RecipeError, match=f"no device '{name}' here: write auto or cpu"):
        chosen_device(name)
