"""The operators: what can be observed of an image."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Operator, hookimpl
from superpose_operators.blur import GaussianBlur, UniformBlur
from superpose_operators.chain import Chain
from superpose_operators.colours import ColourMatrix, Grey
from superpose_operators.fourier import Fourier
from superpose_operators.jpeg import Jpeg
from superpose_operators.kernels import KernelBlur, MotionBlur
from superpose_operators.masks import Mask, RandomMask
from superpose_operators.matrix import Matrix
from superpose_operators.phase import PhaseRetrieval
from superpose_operators.smaller import Bicubic, BlockAverage, Subsample

KINDS: tuple[type[Operator], ...] = (
    Mask, RandomMask, BlockAverage, Bicubic, Subsample, GaussianBlur, UniformBlur, MotionBlur, KernelBlur, Grey,
    ColourMatrix, Fourier, Matrix, Chain, Jpeg, PhaseRetrieval,
)  # fmt: skip


@hookimpl
def register_operators(register: Callable[[type[Operator]], type[Operator]]) -> None:
    """Register every operator of this package."""
    for operator in KINDS:
        register(operator)
