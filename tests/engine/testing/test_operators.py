"""The laws of operators have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest
import torch

from superpose import BoundOperator, LawError, LinearOperator, Operator, PluginError, Problem, Spectrum, make
from superpose.testing import check_operator

SHAPE = (3, 6, 5)


@attrs.frozen(eq=False)
class Half(LinearOperator):
    """Sees the left columns, halved: its singular values are 1/2 there and 0 elsewhere."""

    shape = SHAPE
    observed_shape = (3, 6, 2)

    def apply(self, x):
        return x[..., :2] / 2

    def adjoint(self, y):
        return torch.nn.functional.pad(y / 2, (0, 3))

    @property
    def spectrum(self):
        values = torch.zeros(SHAPE)
        values[..., :2] = 0.5
        return Spectrum(values, lambda x: x.clone(), lambda z: z.clone(), lambda y: torch.nn.functional.pad(y, (0, 3)))


@attrs.frozen(kw_only=True, eq=False)
class Observing(Operator):
    """Binds to what a test chooses."""

    kind = "observing"
    bound: object
    says: bool = True

    @property
    def linear(self):
        return self.says

    def problems(self, shape):
        if shape[0] == 1:
            yield Problem("", "no grey pictures")

    def bind(self, shape, device="cpu"):
        return self.bound


def changed(**methods):
    """`Half` with other methods."""
    return type("Changed", (Half,), methods)()


def spectral(**parts):
    """`Half` with another spectrum."""
    known = Half().spectrum
    return changed(spectrum=property(lambda self: attrs.evolve(known, **parts)))


def test_a_lawful_operator_passes_and_has_a_figure_for_each_law():
    figures = check_operator(Observing(bound=Half()), *SHAPE)
    assert list(figures) == [
        "observes-in-form",
        "says-whether-it-is-linear",
        "has-a-gradient",
        "is-linear",
        "adjoint-is-the-transpose",
        "adjoint-keeps-form",
        "coordinates-are-orthonormal",
        "singular-values-are-its-own",
        "spectrum-keeps-form",
        "finds-nothing-out-of-range",
    ]
    assert max(figures.values()) < 1e-6


def test_one_that_is_not_linear_is_held_to_fewer_laws():
    class Squared(BoundOperator):
        shape = observed_shape = SHAPE

        def apply(self, x):
            return x.square()

    assert list(check_operator(Observing(bound=Squared(), says=False), *SHAPE))[-1] == "finds-nothing-out-of-range"
    with pytest.raises(PluginError, match="says linear = True, and is bound to no LinearOperator"):
        check_operator(Observing(bound=Squared()), *SHAPE)


@pytest.mark.parametrize(
    ("bound", "says"),
    [
        (changed(observed_shape=(3, 6, 3)), r"it observes \(2, 3, 6, 2\) of 2 images, and says \(2, 3, 6, 3\)"),
        (changed(apply=lambda self, x: x[..., :2] / 2 + x.mean(0)[..., :2]), "apply of one image changes by"),
        (changed(apply=lambda self, x: x.mul_(0.5)[..., :2]), "apply writes to its argument"),
        (changed(apply=lambda self, x: (x[..., :2] / 2).round() + 0 * x[..., :2]), "its largest gradient is 0.0"),
        (changed(apply=lambda self, x: x[..., :2] / 2 + 0.1), "apply is not linear"),
        (changed(within=lambda self, y: y / 2), "within changes what it has observed itself by"),
        (
            changed(apply=lambda self, x: x[..., :2].abs(), spectrum=None),
            "apply is not linear: the value of 2x - 3y is off by",
        ),
        (
            changed(adjoint=lambda self, y: torch.nn.functional.pad(2 * y, (0, 3))),
            "its adjoint is not the transpose: <Ax, y> and <x, A'y> differ by",
        ),
        (changed(adjoint=lambda self, y: y / 2), r"its adjoint makes \(2, 3, 6, 2\) of observations of images"),
        (spectral(coordinates=lambda x: 2 * x, image=lambda z: z / 2), "coordinates of its spectrum are not ortho"),
        (spectral(image=lambda z: -z), "image is not their inverse"),
        (spectral(values=torch.full(SHAPE, 0.5)), "its spectrum is not that of apply: off by"),
        (spectral(values=-Half().spectrum.values), "singular values are at least 0, of the shape of an image"),
        (spectral(values=Half().spectrum.values[:1]), r"of the shape of an image; they are \(1, 6, 5\)"),
        (spectral(observed=lambda y: torch.nn.functional.pad(y, (0, 3)).double()), "observed answers torch.float32"),
    ],
)
def test_what_is_no_operator_is_caught(bound, says):
    with pytest.raises(LawError, match=says):
        check_operator(Observing(bound=bound), *SHAPE)


def test_a_size_that_it_refuses_is_told_and_so_is_what_is_no_operator():
    with pytest.raises(LawError, match=r"operator 'observing' .* at 1x6x5: it refuses this size: no grey pictures"):
        check_operator(Observing(bound=Half()), 1, 6, 5)
    with pytest.raises(PluginError, match=r"returns .*, and must return a superpose\.BoundOperator"):
        check_operator(Observing(bound="half"), *SHAPE)


def test_a_registered_one_passes_at_its_own_size():
    assert check_operator(make("operator", "block-average", factor=2), 1, 4, 6)["is-linear"] < 1e-6
