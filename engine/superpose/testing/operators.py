"""The laws of operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import attrs

from superpose.errors import PluginError
from superpose.estimate.operator import BoundOperator, LinearOperator
from superpose.estimate.problem import problems_of
from superpose.testing.law import Law, figures
from superpose.testing.probes import TOLERANCE, broken, gap, keeps_form, linear, noise

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.operator import Operator, Spectrum


def check_operator(operator: Operator, channels: int = 3, height: int = 32, width: int = 32) -> dict[str, float]:
    """Hold an operator to all its laws on images of one size.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    for problem in problems_of(operator.problems, (channels, height, width)):
        broken(operator, f"{channels}x{height}x{width}", f"it refuses this size: {problem}")
    return figures(laws(operator, channels, height, width))


def laws(operator: Operator, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of an operator on images of one size; a linear one has more of them."""
    probe = Probe(operator, operator.bound_to((channels, height, width)))
    yield Law("observes-in-form", lambda: observes_in_form(probe))
    yield Law("says-whether-it-is-linear", lambda: says_whether_it_is_linear(probe))
    yield Law("has-a-gradient", lambda: has_a_gradient(probe))
    if isinstance(bound := probe.bound, LinearOperator):
        yield Law("is-linear", lambda: linear(operator, "apply", bound.apply, channels, height, width))
        yield Law("adjoint-is-the-transpose", lambda: adjoint_is_the_transpose(probe, bound))
        yield Law("adjoint-keeps-form", lambda: keeps_form(operator, "adjoint", bound.adjoint, *bound.observed_shape))
        if (known := bound.spectrum) is not None:
            yield Law("coordinates-are-orthonormal", lambda: coordinates_are_orthonormal(probe, known))
            yield Law("singular-values-are-its-own", lambda: singular_values_are_its_own(probe, bound, known))
            yield Law("spectrum-keeps-form", lambda: spectrum_keeps_form(probe, bound, known))
    # Last: of a wrong spectrum the laws above say more.
    yield Law("finds-nothing-out-of-range", lambda: finds_nothing_out_of_range(probe))


@attrs.frozen(eq=False)
class Probe:
    """An operator and what it is bound to on images of one size."""

    operator: Operator
    bound: BoundOperator

    def images(self, count: int = 2, seed: int = 0) -> Tensor:
        """White noise, as images."""
        return noise(count, *self.bound.shape, seed=seed)

    def observations(self, count: int = 2, seed: int = 1) -> Tensor:
        """White noise, as observations."""
        return noise(count, *self.bound.observed_shape, seed=seed)

    def broken(self, what: str) -> NoReturn:
        """Raise the `LawError` of a broken law."""
        broken(self.operator, "x".join(map(str, self.bound.shape)), what)


def observes_in_form(probe: Probe) -> float:
    """What is observed has the shape that it says, for each image by itself."""
    bound = probe.bound
    if tuple(got := bound.apply(probe.images()).shape) != (want := (2, *bound.observed_shape)):
        probe.broken(f"it observes {tuple(got)} of 2 images, and says {want}")
    return keeps_form(probe.operator, "apply", bound.apply, *bound.shape)


def says_whether_it_is_linear(probe: Probe) -> float:
    """A kind that says it is linear is bound to a linear operator, and no other is."""
    said, is_so = probe.operator.linear, isinstance(probe.bound, LinearOperator)
    if said != is_so:
        kind = "a LinearOperator" if is_so else "no LinearOperator"
        raise PluginError(f"operator {probe.operator.kind!r} says linear = {said}, and is bound to {kind}")
    return 0.0


def has_a_gradient(probe: Probe) -> float:
    """Torch can differentiate it, and finds finite values that are not all zero: the largest of them."""
    import torch

    x = probe.images().requires_grad_()
    with torch.enable_grad():
        [gradient] = torch.autograd.grad(probe.bound.apply(x).square().sum(), x)
    largest = float(gradient.abs().max())
    if not 0 < largest < float("inf"):
        probe.broken(f"its largest gradient is {largest}: write it so that torch can differentiate it")
    return 0.0


def finds_nothing_out_of_range(probe: Probe) -> float:
    """What was observed without noise lies within the range."""
    y = probe.bound.apply(probe.images())
    if (off := gap(probe.bound.within(y), y)) > TOLERANCE:
        probe.broken(f"within changes what it has observed itself by {off:.3g}")
    return off


def adjoint_is_the_transpose(probe: Probe, bound: LinearOperator) -> float:
    r"""The dot-product test: :math:`\langle A x, y \rangle = \langle x, A^\top y \rangle`, relative to the lengths."""
    x, y = probe.images(), probe.observations()
    seen, back = bound.apply(x), bound.adjoint(y)
    if back.shape != x.shape:
        probe.broken(f"its adjoint makes {tuple(back.shape)} of observations of images {tuple(x.shape)}")
    one, other = (seen * y).flatten(1).sum(1), (x * back).flatten(1).sum(1)
    off = float(((one - other).abs() / (seen.flatten(1).norm(dim=1) * y.flatten(1).norm(dim=1)).clamp(min=1e-12)).max())
    if not off <= TOLERANCE:
        probe.broken(f"its adjoint is not the transpose: <Ax, y> and <x, A'y> differ by {off:.3g} of the lengths")
    return off


def coordinates_are_orthonormal(probe: Probe, known: Spectrum) -> float:
    """Coordinates keep inner products, and `Spectrum.image` leads back."""
    x, z = probe.images(), probe.images(seed=2)
    size: float = x[0].numel() ** 0.5
    inner = (known.coordinates(x) * known.coordinates(z)).sum(), (x * z).sum()
    off = max(gap(*inner) / size, gap(known.image(known.coordinates(x)), x))
    if not off <= TOLERANCE:
        probe.broken(f"the coordinates of its spectrum are not orthonormal, or image is not their inverse: {off:.3g}")
    return off


def singular_values_are_its_own(probe: Probe, bound: LinearOperator, known: Spectrum) -> float:
    r""":math:`U^\top A x = \Sigma V^\top x`, and :math:`A A^+ A = A`."""
    x, values = probe.images(), known.values.double()
    if values.shape != tuple(bound.shape) or bool((values < 0).any()):
        probe.broken(f"singular values are at least 0, of the shape of an image; they are {tuple(values.shape)}")
    y = bound.apply(x)
    off = max(gap(known.observed(y), known.coordinates(x) * values), gap(bound.apply(bound.pseudo_inverse(y)), y))
    if not off <= TOLERANCE:
        probe.broken(f"its spectrum is not that of apply: off by {off:.3g}")
    return off


def spectrum_keeps_form(probe: Probe, bound: LinearOperator, known: Spectrum) -> float:
    """The maps of the spectrum answer in the dtype they are asked in, row for row."""
    keeps_form(probe.operator, "coordinates", known.coordinates, *bound.shape)
    keeps_form(probe.operator, "image", known.image, *bound.shape)
    return keeps_form(probe.operator, "observed", known.observed, *bound.observed_shape)
