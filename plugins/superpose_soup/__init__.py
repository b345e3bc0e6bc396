"""Soups: the weights of several fine-tunes of one network, averaged."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Model, hookimpl
from superpose_soup.model import Soup


@hookimpl
def register_models(register: Callable[[type[Model]], type[Model]]) -> None:
    """Register the model."""
    register(Soup)
