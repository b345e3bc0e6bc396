r"""Pseudo-inverse guidance (PiGDM, Song et al. 2023, openreview.net/forum?id=9_gsMA8MRKQ).

If the images that a state may come from were normal around D with deviation r in every direction, what was observed
would say of the state

.. math:: \nabla_x \log p(y | x) = J^\top A^\top (r^2 A A^\top + s_y^2 I)^{-1} (y - A D), \qquad
          r^2 = \frac{d^2 \rho^2}{d^2 + \rho^2}, \quad \rho = \sigma / \alpha

with d the deviation of the data. By Tweedie's formula it moves the clean image. Algorithm 1 of the paper moves the
state after the step instead, by :math:`\alpha_t r^2` times the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Observed, Rule, option
from superpose_constraints.steered import SIGNAL, SIGNAL_DOC, Steered, back, with_pull, with_shift

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Estimate, LinearOperator, NoiseLevel

FORMS = ("paper", "score")
PAPER = """@inproceedings{song2023pseudoinverse,
  title = {Pseudoinverse-Guided Diffusion Models for Inverse Problems},
  author = {Song, Jiaming and Vahdat, Arash and Mardani, Morteza and Kautz, Jan},
  booktitle = {International Conference on Learning Representations},
  year = {2023},
}"""


@attrs.frozen(kw_only=True)
class PiGDM(Observed):
    """Finds an image that explains what was observed, by gradients through the network weighed by the operator: PiGDM.

    For linear operators whose singular values are known. It is told the noise, needs no scale to be tried out, and gets
    by with some 50 steps.
    """

    kind = "pigdm"
    papers = (PAPER,)
    needs = frozenset({"differentiable"})
    linear = True
    spectral = True
    deviation: float = option(1.0, doc="d: deviation of the data, as the formula for r takes it", gt=0)
    form: str = option(
        "paper",
        doc="paper: the state is moved, after a step; score: the clean image, by Tweedie's formula",
        choices=FORMS,
    )
    signal: float = option(SIGNAL, doc=SIGNAL_DOC, ge=0, lt=1)

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        return Guided(
            operator=operator,
            observed=observed,
            noise=self.noise,
            deviation=self.deviation,
            form=self.form,
            signal=self.signal,
        )


@attrs.frozen(kw_only=True, eq=False)
class Guided(Rule):
    """PiGDM with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A, with a spectrum.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`.
        deviation: d.
        form: One of `FORMS`.
        signal: Levels with no more signal are not steered.
    """

    kind = "pigdm"
    needs = frozenset({"differentiable"})
    operator: LinearOperator
    observed: Tensor
    noise: float = 0.0
    deviation: float = 1.0
    form: str = "paper"
    signal: float = SIGNAL

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that knows the observation."""
        return PseudoInverted(denoiser, self.operator, self.observed, self.signal, self)


@attrs.frozen(eq=False)
class PseudoInverted(Steered):
    """A denoiser with the gradient of what was observed."""

    rule: Guided

    def steered(self, estimate: Estimate, x: Tensor, level: NoiseLevel) -> Estimate:
        """The gradient, or the displacement."""
        operator, data, noise = self.rule.operator, self.rule.deviation**2, level.ratio**2
        spread = data * noise / (data + noise)
        residual = self.observed - operator.apply(estimate.clean.detach())
        explained = operator.damped(residual, self.rule.noise**2 / spread)
        gradient = back(estimate.clean, x, explained)  # r^2 times that of the log-probability
        if self.rule.form == "paper":
            return with_shift(estimate, gradient * level.alpha)
        return with_pull(estimate, gradient / spread)
