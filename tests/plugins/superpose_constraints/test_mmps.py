"""MMPS: exact for normal distributions, with equations that are solved."""

import numpy as np
import pytest
import torch

from exact_posterior import CORRELATED, SCHEDULE, SHAPE, exact, pulled
from superpose import RecipeError, make
from superpose_constraints.mmps import Matched, solved

Y = {
    "block-average": torch.tensor([0.3, -0.8, 0.5]).view(1, 3, 1, 1),
    "grey": torch.tensor([[[[0.9, 0.1], [-0.4, 0.0]]]]),
}


@pytest.mark.parametrize("t", [50, 400, 800])
@pytest.mark.parametrize(("kind", "options"), [("block-average", {"factor": 2}), ("grey", {})])
def test_of_normal_images_it_is_the_exact_posterior(kind, options, t):
    operator, level = make("operator", kind, **options).bound_to(SHAPE), SCHEDULE.level(0, t)
    rule = Matched(operator=operator, observed=Y[kind], noise=0.2, iterations=8)
    want = exact(CORRELATED, level, operator, Y[kind], 0.2)
    torch.testing.assert_close(pulled(rule, CORRELATED, level), want, atol=2e-4, rtol=0)
    one = pulled(Matched(operator=operator, observed=Y[kind], noise=0.2, iterations=1), CORRELATED, level)
    assert t != 400 or float((one - want).abs().max()) > 2e-4, "one iteration is enough: nothing is tested"


def test_levels_without_signal_are_not_steered():
    operator = make("operator", "grey").bound_to(SHAPE)
    rule, level = Matched(operator=operator, observed=Y["grey"], noise=0.2), SCHEDULE.level(0, 999)
    other = Matched(operator=operator, observed=Y["grey"] + 5, noise=0.2)
    assert level.alpha < rule.signal
    assert torch.equal(pulled(rule, CORRELATED, level), pulled(other, CORRELATED, level))


def symmetric(size, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(size, size))
    return torch.from_numpy(matrix @ matrix.T + np.eye(size))


def by(matrix):
    """The product with a direction, and the direction itself, so that what is found is the solution."""
    return lambda v: ((v.flatten(1) @ matrix).view_as(v), v)


def test_as_many_steps_as_numbers_solve_equations_as_numpy_does():
    matrix, wanted = symmetric(6), torch.randn(3, 1, 2, 3, generator=torch.Generator().manual_seed(0)).double()
    want = np.linalg.solve(matrix.numpy(), wanted.flatten(1).numpy().T).T
    np.testing.assert_allclose(solved(by(matrix), wanted, 6, 1.0).flatten(1), want, atol=1e-8)
    np.testing.assert_allclose(solved(by(matrix), wanted, 40, 1.0).flatten(1), want, atol=1e-8)
    assert np.abs(solved(by(matrix), wanted, 2, 1.0).flatten(1).numpy() - want).max() > 1e-3


def test_rows_are_solved_each_by_itself():
    matrix, wanted = symmetric(6), torch.randn(3, 1, 2, 3, generator=torch.Generator().manual_seed(0)).double()
    whole = solved(by(matrix), wanted, 3, 1.0)
    torch.testing.assert_close(whole[1:2], solved(by(matrix), wanted[1:2], 3, 1.0))
    assert not solved(by(matrix), torch.zeros_like(wanted), 3, 1.0).any()


def test_along_a_direction_of_too_little_nothing_is_found():
    """A network that has not learned to be symmetric may have negative eigenvalues, which would lead away."""
    matrix, wanted = torch.diag(torch.tensor([2.0, -1.0, 0.3])), torch.eye(3).view(3, 1, 1, 3)
    found = solved(by(matrix), wanted, 1, 1.0).view(3, 3)
    torch.testing.assert_close(found, torch.diag(torch.tensor([0.5, 0.0, 0.0])))


def test_the_noise_must_be_told():
    with pytest.raises(RecipeError, match="noise"):
        make("constraint", "mmps", operator=make("operator", "grey"), observed="y.npy")
    with pytest.raises(RecipeError, match="must be more than 0, got 0"):
        make("constraint", "mmps", operator=make("operator", "grey"), observed="y.npy", noise=0.0)
