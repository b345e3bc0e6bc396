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

which is one step of conjugate gradients for them, preconditioned by PiGDM's own inverse. ``iterations`` makes more of
them: what each walks is a part of the gradient already, so that k steps are k walks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Observed, RecipeError, Rule, option
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
    iterations: int = option(
        1, doc="matched: steps of conjugate gradients, each a walk back through the network", ge=1, le=100
    )
    signal: float = option(SIGNAL, doc=SIGNAL_DOC, ge=0, lt=1)

    def __attrs_post_init__(self) -> None:
        """Refuse iterations of what solves nothing."""
        if self.iterations > 1 and self.form != "matched":
            raise RecipeError(f'iterations are of form = "matched", and the form is {self.form!r}: leave them out')

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        return Guided(
            operator=operator,
            observed=observed,
            noise=self.noise,
            deviation=self.deviation,
            form=self.form,
            iterations=self.iterations,
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
        iterations: Steps of conjugate gradients of the form "matched".
        signal: Levels with no more signal are not steered.
    """

    kind = "pigdm"
    needs = frozenset({"differentiable"})
    operator: LinearOperator
    observed: Tensor
    noise: float = 0.0
    deviation: float = 1.0
    form: str = "matched"
    iterations: int = 1
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
        if self.rule.form == "matched":
            return with_pull(estimate, self._matched(estimate, x, residual, spread, level) / spread)
        explained = operator.damped(residual, self.rule.noise**2 / spread)
        gradient = back(estimate.clean, x, explained)  # r^2 times that of the log-probability
        if self.rule.form == "paper":
            return with_shift(estimate, gradient * level.alpha)
        return with_pull(estimate, gradient / spread)

    def _matched(self, estimate: Estimate, x: Tensor, residual: Tensor, spread: float, level: NoiseLevel) -> Tensor:
        r"""The gradient that conjugate gradients find, times :math:`r^2`.

        Directions w are known by :math:`r^2 A^\top w` (``explained``) and :math:`s_y^2 w` (``left``), which are there
        without noise as well; products with them are times :math:`r^2`.
        """
        operator, gain = self.rule.operator, level.sigma**2 / level.alpha / spread
        damping = self.rule.noise**2 / spread
        explained, left, power = self._explained(residual, damping)
        way, way_left, total = explained, left, residual.new_zeros(())
        for number in range(self.rule.iterations):
            walked = back(estimate.clean, x, way, again=number + 1 < self.rule.iterations)
            noisy = products(way_left, way_left) / damping if damping else 0.0
            far = length(power, products(way, way), products(way, walked) * gain, noisy)
            total = total + far * walked
            if number + 1 < self.rule.iterations:
                residual = residual - far * (way_left + operator.apply(walked) * gain)
                before = power
                explained, left, power = self._explained(residual, damping)
                turn = power / before.clamp(min=1e-30)
                way, way_left = explained + turn * way, left + turn * way_left
        return total

    def _explained(self, residual: Tensor, damping: float) -> tuple[Tensor, Tensor, Tensor]:
        """What PiGDM's own inverse makes of a residual: ``explained``, ``left``, and the product with it."""
        explained = self.rule.operator.damped(residual, damping)
        left = residual - self.rule.operator.apply(explained)
        noisy = products(left, left) / damping if damping else 0.0
        return explained, left, products(explained, explained) + noisy


def length(power: Tensor, whole: Tensor, share: Tensor, noisy: Tensor | float) -> Tensor:
    r"""How far to follow a direction w, all told times :math:`r^2`.

    Arguments:
        power: The product of the residual with what PiGDM's own inverse makes of it, shape (N, 1, 1, 1).
        whole: :math:`r^4 \| A^\top w \|^2`.
        share: What images differ by along it, :math:`r^2 \gamma \langle A^\top w, J^\top A^\top w \rangle`.
        noisy: :math:`r^2 s_y^2 \| w \|^2`.
    """
    least = (LEAST * whole).clamp(min=1e-30)  # where all is explained
    return power / (share.maximum(least) + noisy)
