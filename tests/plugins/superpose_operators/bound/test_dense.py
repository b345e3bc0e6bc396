"""A matrix of all pixels: its spectrum is NumPy's, and takes no more room than the matrix."""

import pytest
import torch

from observing import assert_numpy_agrees, matrix_of
from superpose import make
from superpose_operators.bound.dense import LARGEST, Basis, Dense

GENERATOR = torch.Generator().manual_seed(0)


def dense(rows, *shape, rank=None):
    count = torch.Size(shape).numel()
    matrix = torch.randn(rows, count, generator=GENERATOR, dtype=torch.float64)
    if rank is not None:
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        matrix = left[:, :rank] * values[:rank] @ right[:rank]
    return Dense(shape, (1, 1, rows), matrix)


@pytest.mark.parametrize(("rows", "shape", "rank"), [
    (5, (3, 2, 3), None), (5, (3, 2, 3), 3), (18, (3, 2, 3), None), (20, (3, 2, 2), None), (20, (3, 2, 2), 7),
    (1, (1, 1, 1), None),
])  # fmt: skip
def test_any_matrix_has_the_inverses_of_numpy(rows, shape, rank):
    assert_numpy_agrees(dense(rows, *shape, rank=rank))


def test_the_matrix_of_an_operator_is_found_by_its_adjoint():
    bound = make("operator", "bicubic", factor=2).bound_to((3, 8, 4))
    found = Dense.of(bound, "cpu", torch.float64)
    torch.testing.assert_close(found.matrix, torch.from_numpy(matrix_of(bound).copy()), atol=1e-12, rtol=0)
    assert (found.shape, found.observed_shape) == ((3, 8, 4), (3, 4, 2))


def test_coordinates_begin_with_the_given_directions_and_are_orthonormal():
    first = torch.linalg.qr(torch.randn(12, 4, generator=GENERATOR, dtype=torch.float64))[0].T
    basis = Basis.of(first)
    whole = torch.stack([basis.coordinates(one) for one in torch.eye(12, dtype=torch.float64).view(12, 3, 2, 2)])
    whole = whole.flatten(1)
    torch.testing.assert_close(whole.T[:4], first)
    torch.testing.assert_close(whole @ whole.T, torch.eye(12, dtype=torch.float64))
    image = torch.randn(3, 2, 2, generator=GENERATOR)
    torch.testing.assert_close(basis.image(basis.coordinates(image)), image)


def test_the_spectrum_of_few_numbers_of_a_large_image_fits_in_memory():
    """All directions of this image, as a matrix, would take 300 GB."""
    few = make("operator", "block-average", factor=128)
    bound = make("operator", "chain", operators=(make("operator", "grey"), few)).bound_to((3, 256, 256))
    y = torch.rand(1, 1, 2, 2, generator=GENERATOR)
    found = bound.pseudo_inverse(y)
    # The least image with these means is each of them throughout its block, in all colours.
    want = y.repeat_interleave(128, 2).repeat_interleave(128, 3).expand(1, 3, 256, 256)
    torch.testing.assert_close(found, want, atol=1e-5, rtol=0)


def test_an_inverse_can_be_differentiated():
    bound = dense(4, 3, 2, 2)
    y = torch.randn(1, 1, 1, 4, generator=GENERATOR, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(bound.pseudo_inverse, y)
    assert torch.autograd.gradcheck(bound.spectrum.coordinates, bound.adjoint(y).detach().requires_grad_())


def test_a_large_matrix_has_no_spectrum():
    assert Dense((1, 1, 2), (1, 1, LARGEST), torch.eye(LARGEST, 2)).spectrum is not None
    large = Dense((1, 1, 2), (1, 1, LARGEST + 1), torch.eye(LARGEST + 1, 2))
    assert large.spectrum is None
    y = torch.rand(1, 1, 1, LARGEST + 1, generator=GENERATOR)
    assert torch.equal(large.within(y), y)
