"""Langevin's dynamics of a normal image with an observation, against the exact product."""

import pytest
import torch

from superpose import BoundOperator, make
from superpose.testing.gaussian import BatchNoise, distance
from superpose_constraints.langevin import LEAST, drawn_by_langevin, steepest

SHAPE = (1, 4, 4)
OPERATOR = make("operator", "block-average", factor=2).bound_to(SHAPE)


def matrix():
    return OPERATOR.apply(torch.eye(16).view(16, *SHAPE)).flatten(1).T.double()


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_steepest_direction_is_the_largest_singular_value():
    x, v = normal(2, *SHAPE), normal(2, *SHAPE, seed=2)
    largest = torch.linalg.matrix_norm(matrix(), 2) ** 2
    torch.testing.assert_close(steepest(OPERATOR, x, v).flatten(), largest.float().expand(2), atol=1e-5, rtol=1e-4)

    class Squares(BoundOperator):
        """Squares, whose derivative is 2x."""

        shape = observed_shape = SHAPE

        def apply(self, x):
            return x.square()

    x = torch.full((1, *SHAPE), 0.1)
    x[0, 0, 0, 0] = 3.0
    torch.testing.assert_close(steepest(Squares(), x, v[:1]).item(), 36.0, atol=1e-2, rtol=0)


@pytest.mark.parametrize("noise", [0.5, 0.0])
def test_draws_have_the_mean_and_covariance_of_the_product(noise):
    """Without noise it draws as for the least that it takes: no step would be small enough for none."""
    rows, spread, centre, seen = 2000, 0.7, normal(1, *SHAPE), normal(1, *OPERATOR.observed_shape, seed=1)
    source, a = BatchNoise((rows, *SHAPE)), matrix()
    steps = 40 if noise else 4
    drawn = drawn_by_langevin(
        OPERATOR,
        seen,
        noise,
        centre.expand(rows, *SHAPE),
        spread,
        steps,
        lambda purpose="step": source.draw(0, purpose),
    )
    covariance = torch.linalg.inv(torch.eye(16) / spread**2 + a.T @ a / max(noise, LEAST) ** 2)
    mean = covariance @ (centre.flatten() / spread**2 + a.T @ seen.flatten().double() / max(noise, LEAST) ** 2)
    if noise:
        off = distance(drawn.flatten(1), mean, covariance)
        assert off < 0.12, f"{off} of the spread away"
    else:
        unexplained = (OPERATOR.apply(drawn) - seen).flatten(1).square().mean().sqrt()
        assert torch.isfinite(drawn).all()
        assert unexplained < (OPERATOR.apply(centre) - seen).square().mean().sqrt(), "it goes away from what was seen"


def test_no_sample_knows_of_its_neighbours():
    x, seen = normal(3, *SHAPE), normal(1, *OPERATOR.observed_shape, seed=1)
    source = BatchNoise((3, *SHAPE))

    def draw(rows):
        return drawn_by_langevin(
            OPERATOR, seen, 0.1, x[rows], 0.5, 3, lambda purpose="step": source.draw(0, purpose)[rows]
        )

    torch.testing.assert_close(draw(slice(None))[1:2], draw(slice(1, 2)), atol=1e-6, rtol=1e-6)
