"""The recipe options that every constraint on an observation shares: posterior sampling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose.estimate.operator import LinearOperator, Operator
from superpose.estimate.problem import Problem, problems_of, refuse
from superpose.kinds.kind import option
from superpose.media.images import read_image
from superpose.media.observations import read_observation
from superpose.sampling.constraint import Constraint

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.canvas import Canvas
    from superpose.estimate.operator import BoundOperator


@attrs.frozen(kw_only=True)
class Observed(Constraint):
    r"""A constraint on what was observed of the image, :math:`y = A(x_0) + s_y n`.

    Attributes:
        linear: Whether its method needs a linear operator.
        spectral: Whether it needs one whose singular values are known.
        latent: Whether it takes models that paint latents, of whose pictures something was observed.
    """

    linear: ClassVar[bool] = False
    spectral: ClassVar[bool] = False
    latent: ClassVar[bool] = False

    operator: Operator = option(doc="what was observed of the image: a table with its kind")
    observed: Path = option(doc="what was observed: a picture, or a .npy or .safetensors file; see superpose observe")
    noise: float = option(0.0, doc="standard deviation of its noise, where images are in [-1, 1]", ge=0)
    truth: Path | None = option(None, doc="the image itself, where it is known: it is shown beside, and not used")

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """An operator that does not fit the images or the method, and files that can't be read or are of another."""
        if canvas.shape != canvas.image_shape and not self.latent:
            what = f"{self.kind} observes pictures, and this model paints latents"
            yield Problem("operator", what, _cure_of_latents())
            return
        if found := problems_of(self.operator.problems, canvas.image_shape):
            yield from (problem.inside("operator") for problem in found)
            return
        bound = self.operator.bound_to(canvas.image_shape)
        if lack := self._lack(bound):
            yield Problem(
                "operator", f"{self.kind} needs {lack}, and {self.operator.kind} as set here is none", _cure()
            )
        yield from Problem.caught("observed", lambda: read_observation(self.observed, bound.observed_shape))
        if (truth := self.truth) is not None:
            yield from Problem.caught("truth", lambda: read_image(truth, canvas.image_shape))

    def observation(self, canvas: Canvas) -> tuple[BoundOperator, Tensor]:
        """The operator, and what it observed, (1, *observed_shape), as far as an image can explain it.

        Raises:
            RecipeError: If something does not fit.
        """
        refuse(self.problems(canvas))
        bound = self.operator.bound_to(canvas.image_shape, canvas.device)
        return bound, bound.within(read_observation(self.observed, bound.observed_shape, canvas.device)[None])

    def linear_observation(self, canvas: Canvas) -> tuple[LinearOperator, Tensor]:
        """The same of a method that needs a linear operator."""
        bound, observed = self.observation(canvas)
        if not isinstance(bound, LinearOperator):
            raise AssertionError(f"{type(self).__name__} does not say that it needs a linear operator")
        return bound, observed

    def _lack(self, bound: BoundOperator) -> str:
        if (self.linear or self.spectral) and not isinstance(bound, LinearOperator):
            return "a linear operator"
        if self.spectral and isinstance(bound, LinearOperator) and bound.spectrum is None:
            return "an operator whose singular values are known"
        return ""


def _installed() -> dict[str, type[Observed]]:
    from superpose.plugins import load_plugins  # asked only where something is wrong already

    kinds = load_plugins().kinds("constraint").items()
    return {kind: cls for kind, cls in kinds if issubclass(cls, Observed)}


def _cure_of_latents() -> str:
    """The installed constraints that take models of latents."""
    fit = [kind for kind, cls in _installed().items() if cls.latent]
    return f"use a model of pixels, or {' or '.join(fit)}" if fit else "use a model of pixels"


def _cure() -> str:
    """The installed constraints that take any operator."""
    free = [kind for kind, cls in _installed().items() if not (cls.linear or cls.spectral)]
    return f"use one of the constraints that take any: {', '.join(free)}" if free else "use another operator"
