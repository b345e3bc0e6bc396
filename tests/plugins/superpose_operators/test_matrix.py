"""Any matrix from a file, on the image as one column of numbers."""

import numpy as np
import pytest
import torch

from problems import told
from superpose import make

RNG = np.random.default_rng(0)


def written(folder, array):
    np.save(folder / "matrix.npy", array)
    return make("operator", "matrix", matrix=folder / "matrix.npy")


@pytest.mark.parametrize("form", ["flat", "as an image"])
def test_it_is_the_product_with_one_column(tmp_path, form):
    array = RNG.normal(size=(5, 3, 2, 4))
    operator = written(tmp_path, array.reshape(5, 24) if form == "flat" else array)
    assert not told(operator, (3, 2, 4))
    bound, x = operator.bound_to((3, 2, 4)), RNG.normal(size=(2, 3, 2, 4))
    assert bound.observed_shape == (1, 1, 5)
    got = bound.apply(torch.from_numpy(x)).view(2, 5)
    np.testing.assert_allclose(got, np.einsum("kcij,ncij->nk", array, x))


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.ones((4, 9)), "has shape 4x9, and one for these images has Kx3x2x4"),
        (np.ones(24), "has shape 24, and one for these images has Kx3x2x4"),
        (np.ones((4, 3, 4, 2)), "has shape 4x3x4x2, and one for these images has Kx3x2x4"),
        (np.zeros((4, 24)), "is 0 throughout, which observes nothing"),
    ],
)
def test_a_matrix_for_other_images_is_refused(tmp_path, array, why):
    assert told(written(tmp_path, array), (3, 2, 4)) == f"{tmp_path / 'matrix.npy'}: {why}"


def test_a_file_that_has_changed_is_read_again(tmp_path):
    x = torch.ones(1, 1, 1, 2)
    for rows in ([[1.0, 2.0]], [[5.0, -1.0], [0.0, 3.0]]):
        got = written(tmp_path, np.array(rows)).bound_to((1, 1, 2)).apply(x)
        assert got.flatten().tolist() == np.sum(rows, 1).tolist()


def test_its_singular_values_are_computed_once(tmp_path):
    operator = written(tmp_path, RNG.normal(size=(3, 12)))
    assert operator.bound_to((3, 2, 2)).spectrum is operator.bound_to((3, 2, 2)).spectrum
