"""Operators asked what they observe of an image, and NumPy asked the same of their matrices."""

import numpy as np
import torch

from superpose import make

GENERATOR = torch.Generator().manual_seed(0)
IMAGE = torch.rand(1, 3, 16, 16, generator=GENERATOR, dtype=torch.float64) * 2 - 1


def observed(kind, image=IMAGE, **options):
    """What an operator of that kind observes of images."""
    return make("operator", kind, **options).bound_to(tuple(image.shape[1:])).apply(image)


def matrix_of(bound):
    """The matrix of a linear operator, from what it observes of every pixel alone: (numbers observed, pixels)."""
    count = torch.Size(bound.shape).numel()
    return bound.apply(torch.eye(count, dtype=torch.float64).view(count, *bound.shape)).flatten(1).T.numpy()


def assert_numpy_agrees(bound, atol=1e-9):
    """Its adjoint, singular values, pseudo-inverse, damped inverse and range are those of its matrix in NumPy."""
    matrix, rng = matrix_of(bound), np.random.default_rng(0)
    y = rng.normal(size=(2, len(matrix)))
    given = torch.from_numpy(y).view(2, *bound.observed_shape)
    inverse = np.linalg.pinv(matrix, rcond=1e-6)
    damped = np.linalg.solve(matrix @ matrix.T + 0.3 * np.eye(len(matrix)), y.T)
    found = np.linalg.svd(matrix, compute_uv=False)
    values = np.zeros(max(matrix.shape))
    values[: len(found)] = found
    got = bound.spectrum.values.flatten().sort(descending=True).values
    np.testing.assert_allclose(got, values[: len(got)], atol=atol)
    for ours, theirs in (
        (bound.adjoint(given), y @ matrix),
        (bound.pseudo_inverse(given), y @ inverse.T),
        (bound.damped(given, 0.3), damped.T @ matrix),
        (bound.within(given), y @ inverse.T @ matrix.T),
    ):
        np.testing.assert_allclose(ours.flatten(1), theirs, atol=atol)
