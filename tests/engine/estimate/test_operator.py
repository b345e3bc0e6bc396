"""Operators: adjoints that torch finds, and what follows from singular values, held to NumPy's matrices."""

import attrs
import numpy as np
import pytest
import torch

from superpose import BoundOperator, LinearOperator, Operator, PluginError, Spectrum
from superpose.estimate.operator import damped_inverse

SHAPE, SEEN = (1, 3, 4), (1, 1, 12)
RANK = 7
GENERATOR = torch.Generator().manual_seed(0)
LEFT, RIGHT = (torch.linalg.qr(torch.randn(12, 12, generator=GENERATOR, dtype=torch.float64))[0] for _ in range(2))
VALUES = torch.cat([torch.linspace(2.0, 0.25, RANK), torch.zeros(12 - RANK)]).double()
MATRIX = LEFT @ VALUES.diag() @ RIGHT.T


class Matrix(LinearOperator):
    """A matrix of known factors, whose adjoint is left to torch."""

    shape, observed_shape = SHAPE, SEEN

    def apply(self, x):
        return (x.flatten(1) @ MATRIX.T).view(-1, *SEEN)

    @property
    def spectrum(self):
        return Spectrum(
            VALUES.view(SHAPE).float(),
            lambda x: (x.flatten(1) @ RIGHT).view(-1, *SHAPE),
            lambda z: (z.flatten(1) @ RIGHT.T).view(-1, *SHAPE),
            lambda y: (y.flatten(1) @ LEFT * (VALUES > 0)).view(-1, *SHAPE),
        )


@attrs.frozen(kw_only=True, eq=False)
class Told(Operator):
    """Binds to what a test chooses."""

    kind = "told"
    bound: object = None

    def bind(self, shape, device="cpu"):
        return self.bound


def observations(rows=2):
    return torch.randn(rows, *SEEN, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("grad", [True, False])
def test_the_adjoint_that_torch_finds_is_the_transpose_under_no_grad_too(grad):
    y = observations()
    with torch.set_grad_enabled(grad):
        got = Matrix().adjoint(y)
    torch.testing.assert_close(got.flatten(1), y.flatten(1) @ MATRIX)
    assert not got.requires_grad
    assert Matrix().adjoint(y[:0]).shape == (0, *SHAPE)


def test_the_pseudo_inverse_is_that_of_numpy():
    y = observations()
    want = y.flatten(1).numpy() @ np.linalg.pinv(MATRIX.numpy(), rcond=1e-10).T
    np.testing.assert_allclose(Matrix().pseudo_inverse(y).flatten(1).numpy(), want, atol=1e-6)


@pytest.mark.parametrize("damping", [0.01, 1.0, 30.0])
def test_the_damped_inverse_solves_its_equations(damping):
    y = observations()
    inner = MATRIX @ MATRIX.T + damping * torch.eye(12)
    want = torch.linalg.solve(inner, y.flatten(1).T).T @ MATRIX
    torch.testing.assert_close(Matrix().damped(y, damping).flatten(1), want, atol=1e-6, rtol=1e-6)


def test_what_lies_within_is_the_projection_on_the_range():
    y = observations()
    want = y.flatten(1) @ LEFT[:, :RANK] @ LEFT[:, :RANK].T
    torch.testing.assert_close(Matrix().within(y).flatten(1), want, atol=1e-6, rtol=0)

    class Unknown(Matrix):
        spectrum = None

    assert Unknown().within(y) is y
    with pytest.raises(NotImplementedError, match="Unknown has no spectrum"):
        Unknown().damped(y, 1.0)


def test_singular_values_of_zero_are_left_alone_and_gradients_stay_finite():
    values = torch.tensor([2.0, 1e-3, 0.0], requires_grad=True)
    got = damped_inverse(values, 0.0)
    torch.testing.assert_close(got, torch.tensor([0.5, 1e3, 0.0]))
    got.sum().backward()
    assert bool(values.grad.isfinite().all())
    assert damped_inverse(torch.zeros(2), 0.5).tolist() == [0, 0]


def test_what_a_kind_binds_to_is_an_operator():
    class Plain(BoundOperator):
        shape, observed_shape = SHAPE, SHAPE

        def apply(self, x):
            return x

    plain = Plain()
    assert Told(bound=plain).bound_to(SHAPE) is plain
    assert plain.within("anything") == "anything"
    with pytest.raises(
        PluginError, match=r"^Told\.bind, .* returns a torch\.Tensor, and must return a superpose\.Bound"
    ):
        Told(bound=torch.zeros(1)).bound_to(SHAPE)


def test_what_is_not_said_is_a_linear_operator_of_any_size():
    assert Told().linear
    assert tuple(Told().problems((7, 1, 99))) == ()
