r"""Pseudo-inverse guidance (PiGDM, Song et al. 2023, openreview.net/forum?id=9_gsMA8MRKQ).

If the images that a state may come from were normal around D with deviation r in every direction, what was observed
would say of the state

.. math:: \nabla_x \log p(y | x) = J^\top A^\top (r^2 A A^\top + s_y^2 I)^{-1} (y - A D), \qquad
          r^2 = \frac{d^2 \rho^2}{d^2 + \rho^2}, \quad \rho = \sigma / \alpha

with d the deviation of the data. By Tweedie's formula it moves the clean image. Algorithm 1 of the paper moves the
state after the step instead, by :math:`\alpha_t r^2` times the same.

Images do not differ in every direction alike. Where few directions are open, most of the variance :math:`r^2` is of
none that could explain the residual, and the pull is too weak. How far the images of that state do differ along
:math:`e = A^\top w` is known without another walk: their covariance is :math:`\gamma J` with
:math:`\gamma = \sigma^2 / \alpha`, as MMPS has it, and :math:`J^\top e` is at hand. Of all multiples of the same
gradient the form "matched" takes that which solves MMPS's equations best,

.. math:: w = (r^2 A A^\top + s_y^2 I)^{-1} (y - A D), \qquad
          \lambda = \frac{\langle y - A D, w \rangle}{s_y^2 \langle w, w \rangle
          + \gamma \langle e, J^\top e \rangle}

which is one step of conjugate gradients for them, preconditioned by PiGDM's own inverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Observed, Rule, option
from superpose_constraints.steered import SIGNAL, SIGNAL_DOC, Steered, back, products, with_pull, with_shift

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Estimate, LinearOperator, NoiseLevel

FORMS = ("matched", "score", "paper")
#: Share of :math:`r^2` that images differ by at least along what is to be explained, so that a learned network, which
#: may say of a direction that there is no way, or less, does not make the pull endless.
LEAST = 0.01
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
        "matched",
        doc="matched: the clean image is moved by Tweedie's formula, as far as the network's own uncertainty says; "
        "score: as far as the deviation says; paper: the state is moved instead, after a step",
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
    form: str = "matched"
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
        operator, data, ratio = self.rule.operator, self.rule.deviation**2, level.ratio**2
        spread = data * ratio / (data + ratio)
        residual = self.observed - operator.apply(estimate.clean.detach())
        damping = self.rule.noise**2 / spread
        explained = operator.damped(residual, damping)
        gradient = back(estimate.clean, x, explained)  # r^2 times that of the log-probability
        if self.rule.form == "paper":
            return with_shift(estimate, gradient * level.alpha)
        if self.rule.form == "matched":
            share = products(explained, gradient) * (level.sigma**2 / level.alpha / spread)
            gradient = gradient * length(explained, residual - operator.apply(explained), damping, share)
        return with_pull(estimate, gradient / spread)


def length(explained: Tensor, left: Tensor, damping: float, share: Tensor) -> Tensor:
    r"""How far to follow a gradient, :math:`\lambda r^2`: 1 where images differ by :math:`r^2` in every direction.

    Arguments:
        explained: e, times :math:`r^2` as the rest.
        left: The residual without A e, which is :math:`s_y^2 w`.
        damping: :math:`s_y^2 / r^2`.
        share: :math:`\gamma \langle e, J^\top e \rangle / r^2`, shape (N, 1, 1, 1).

    Returns:
        Shape (N, 1, 1, 1).
    """
    whole, noisy = products(explained, explained), products(left, left) / damping if damping else 0.0
    least = (LEAST * whole).clamp(min=1e-30)  # where all is explained
    return (whole + noisy) / (share.maximum(least) + noisy)
