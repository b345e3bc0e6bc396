r"""Twisted diffusion: particles of a posterior, exact for many of them (TDS, arXiv 2306.17775).

Of :math:`y = A x_0 + s_y n` a *twist* says of each state how likely it makes what was observed,

.. math:: \psi_t(x_t) = N(y;\, A D(x_t),\, (s_y^2 + r_t^2) I), \qquad r_t^2 = \frac{d^2 \rho_t^2}{d^2 + \rho_t^2},
          \quad \rho = \sigma / \alpha

with the clean image D that the network sees, and at the end is the likelihood itself. Steps are made by whatever guides
the recipe by gradients: q. Particles are weighed by

.. math:: W \leftarrow W\; \frac{p(x_s | x_t)\, \psi_s(x_s)}{q(x_s | x_t, y)\, \psi_t(x_t)}

so that they are drawn from the posterior whatever q is; a better q needs fewer. Both densities are known by the noise
that the step drew (`superpose.Transition`). As :math:`\psi_s` needs the next question to the network, a
step is weighed after the one that follows it, and the last two at the end: no question more is asked.

The last step draws no noise and has no density: it is not weighed but by the likelihood of the clean image itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import Operator, Population, Potential, Problem, option, problems_of, read_observation, refuse

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import BoundOperator, Context, Model, NoiseLevel, Reading, Transition


@attrs.frozen(kw_only=True)
class Twisted(Population):
    """Draws images that explain what was observed, exactly for many particles, by weighing a guided trajectory.

    Say the observation here, and guide by it with a constraint that follows gradients, as ``pigdm`` with
    ``form = "score"`` or ``dps``: it makes the steps, and what it gets wrong is made up for by the weights. Without a
    guide the weights alone find the image, which takes many more particles. Gradients of any kind count as guide: they
    do not change what is drawn.
    """

    kind = "twisted"
    papers = ("arXiv 2306.17775",)
    needs = frozenset({"stochastic"})
    processes = frozenset({"gaussian"})
    reads_steps = True
    operator: Operator = option(doc="what was observed of the image: a table with its kind")
    observed: Path = option(doc="what was observed: a picture, or a .npy or .safetensors file; see superpose observe")
    noise: float = option(doc="standard deviation of its noise, where images are in [-1, 1]", gt=0)
    deviation: float = option(1.0, doc="d: deviation of the data, as the twist takes it", gt=0)
    resample: float = option(
        0.5, doc="resample where the effective sample size is below this share of the particles", ge=0, le=1
    )
    pick: str = option(
        "draw",
        doc="which particle becomes the image: one drawn by weight, or the heaviest",
        choices=("draw", "heaviest"),
    )

    def weighs(self, step: int, steps: int) -> bool:
        """True after every step: each has a density."""
        del step, steps
        return True

    @property
    def threshold(self) -> float:
        """That of the option ``resample``."""
        return self.resample

    @property
    def draws(self) -> bool:
        """True where the option ``pick`` says so."""
        return self.pick == "draw"

    def problems(self, model: Model, prompts: Sequence[str]) -> Iterator[Problem]:
        """An operator or a file that does not fit the pictures, and a model of latents."""
        del prompts
        if model.shape != model.image_shape:
            yield Problem(
                "operator", f"{self.kind} observes pictures, and this model paints latents", "use one of pixels"
            )
        elif found := problems_of(self.operator.problems, model.image_shape):
            yield from (problem.inside("operator") for problem in found)
        else:
            shape = self.operator.bound_to(model.image_shape).observed_shape
            yield from Problem.caught("observed", lambda: read_observation(self.observed, shape))

    def bind(self, context: Context, readings: Sequence[Reading]) -> Potential:
        """The potential, with what was observed."""
        del readings
        canvas = context.canvas
        refuse(problems_of(self.operator.problems, canvas.image_shape))
        bound = self.operator.bound_to(canvas.image_shape, canvas.device)
        observed = bound.within(read_observation(self.observed, bound.observed_shape, canvas.device)[None])
        return Twist(bound, observed, self.noise, self.deviation, self.size)


@attrs.frozen(eq=False)
class Twist(Potential):
    """The weights of twisted diffusion, with tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`, more than 0.
        deviation: d.
        size: Particles a sample, of which the operator is asked at once, so that others do not change a bit.
    """

    operator: BoundOperator
    observed: Tensor
    noise: float
    deviation: float = 1.0
    size: int = 1

    def weigh(self, made: Transition, memory: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The step before this one, in the end this one too; remembered are the twist here and this step's ratio."""
        import torch

        if made.plain is None or made.log_ratio is None:
            raise AssertionError("a twist is shown steps with their densities: its population says reads_steps")
        twist = self.twist(made.plain, self._spread(made.here))
        before, ratio = memory or (torch.zeros_like(twist), torch.zeros_like(twist))
        added = ratio + twist - before
        if not made.last:
            return added, (twist, made.log_ratio)
        clean = made.after / made.there.alpha if made.there.sigma == 0 else made.plain
        return added + made.log_ratio + self.twist(clean, 0.0) - twist, (twist, made.log_ratio)

    def twist(self, clean: Tensor, spread: float) -> Tensor:
        """Logarithm of the likelihood of clean images, but for a constant of all, whose variance is more by spread."""
        import torch

        seen = torch.cat([self.operator.apply(swarm) for swarm in clean.split(self.size)])
        # In float64, the bits of a sample do not depend on the batch.
        off = (self.observed.double() - seen.double()).flatten(1).square().sum(1)
        return -off / (2 * (self.noise**2 + spread))

    def _spread(self, level: NoiseLevel) -> float:
        data, noise = self.deviation**2, level.ratio**2
        return data if math.isinf(noise) else data * noise / (data + noise)
