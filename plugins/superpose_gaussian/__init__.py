"""Models whose answer is exact: images as one normal distribution, and as a mixture of one a class."""

from __future__ import annotations

from collections.abc import Callable

from superpose import hookimpl
from superpose_gaussian.model import Gaussian, GaussianMixture


@hookimpl
def register_models(register: Callable[[type], None]) -> None:
    """Register both."""
    register(Gaussian)
    register(GaussianMixture)
