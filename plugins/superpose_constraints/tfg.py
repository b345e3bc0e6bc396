r"""Training-free guidance (TFG, Ye et al. 2024, arXiv 2409.15761): one method of which five others are settings.

A loss L says what is wanted of the clean image, :math:`\log f = -L`, smoothed by some draws of noise,

.. math:: \tilde f(x) = \frac1K \sum_k f(x + \gamma\, \sigma_t\, \delta_k)

Each step adds to what the scheduler makes of the state, with :math:`a = \alpha_t / \alpha_s` of the step from t to s,

.. math:: \frac{\rho_t}{a}\, \nabla_{x_t} \log \tilde f(D(x_t)) + \alpha_s \Delta_0, \qquad
          \Delta_0 \leftarrow \Delta_0 + \mu_t\, \nabla_{D} \log \tilde f(D + \Delta_0) \quad \text{(n times)}

and may be made several times, climbing back between. DPS (arXiv 2209.14687), LGD-MC, FreeDoM (arXiv 2303.09833), MPGD
(arXiv 2311.16424) and universal guidance (arXiv 2302.07121) are settings of it, which `PRESETS` names. The draws are
the same for all samples, so that what becomes of one does not depend on those beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import (
    Constraint,
    Denoiser,
    Loss,
    Noise,
    Plan,
    Problem,
    Rule,
    differentiable,
    option,
    problems_of,
    refuse,
)
from superpose_constraints.steered import with_shift
from superpose_constraints.travel import travelled

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import BoundLoss, Canvas, Estimate, Estimation, Need, NoiseLevel


@attrs.frozen
class Settings:
    r"""Settings of TFG, as a preset has them.

    Attributes:
        scale: :math:`\rho`, of the gradient through the network; 0 asks for none.
        direct: :math:`\mu`, of the gradient by the clean image itself.
        iterations: n, how often the clean image is moved; counts where ``direct`` is more than 0.
        smooth: :math:`\gamma`.
        draws: K; counts where ``smooth`` is more than 0.
        repeats: How often each step is made.
    """

    scale: float = 0.0
    direct: float = 0.0
    iterations: int = 1
    smooth: float = 0.0
    draws: int = 1
    repeats: int = 1

    @property
    def needs(self) -> frozenset[Need]:
        """Demands on the network: the gradient by the clean image alone is that of the loss."""
        return frozenset({"differentiable"}) if self.scale > 0 else frozenset()


PRESETS = {
    "tfg": Settings(scale=0.5, direct=0.5, iterations=4, smooth=0.1, draws=4),
    "dps": Settings(scale=1.0),
    "lgd": Settings(scale=1.0, smooth=1.0, draws=8),
    "freedom": Settings(scale=1.0, repeats=2),
    "mpgd": Settings(direct=1.0),
    "universal": Settings(scale=0.5, direct=0.5, iterations=4, repeats=2),
}
GROWTHS = ("constant", "increase")


@attrs.frozen(kw_only=True)
class TFG(Constraint):
    """Guides towards whatever a loss wants, with no training: TFG, and the five methods that are settings of it.

    ``preset`` says what holds where an option is absent: tfg; dps, down the slope through the network; lgd, the same,
    smoothed by draws; freedom, dps with steps made again; mpgd, by the clean image alone, without a gradient through
    the network; universal, both, with steps made again. How strong is to be tried out: with losses that are distances,
    a scale of 1 moves a state by about 1 a step. ``superpose kinds loss`` lists what can be wanted.
    """

    kind = "tfg"
    papers = ("arXiv 2409.15761",)
    loss: Loss = option(doc="what is wanted of the image: a table with its kind")
    preset: str = option("tfg", doc="the method whose settings hold where nothing is said", choices=tuple(PRESETS))
    scale: float | None = option(None, doc="rho: of the gradient through the network; 0 for none", ge=0)
    direct: float | None = option(None, doc="mu: of the gradient by the clean image itself; 0 for none", ge=0)
    iterations: int | None = option(None, doc="how often a step moves the clean image", ge=1, le=100)
    smooth: float | None = option(None, doc="gamma: noise that smooths the loss, as a share of the state's", ge=0)
    draws: int | None = option(None, doc="draws of that noise, the same for all samples", ge=1, le=100)
    repeats: int | None = option(None, doc="times that each step is made, climbing back between", ge=1, le=100)
    growth: str = option("constant", doc="constant; increase: as the signal does, the same on average", choices=GROWTHS)

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """A model of latents, and a loss that does not fit the images."""
        if canvas.shape != canvas.image_shape:
            yield Problem(
                "loss", f"{self.kind} judges pictures, and this model paints latents", "use a model of pixels"
            )
            return
        yield from (problem.inside("loss") for problem in problems_of(self.loss.problems, canvas.shape))

    @property
    def settings(self) -> Settings:
        """Those of the preset, with what is said besides."""
        told = {field.name: getattr(self, field.name) for field in attrs.fields(Settings)}
        return attrs.evolve(PRESETS[self.preset], **{name: value for name, value in told.items() if value is not None})

    @property
    def needs(self) -> frozenset[Need]:  # type: ignore[override]  # a constant of the class, but where options say it
        """A network that torch can differentiate, where a gradient goes through it."""
        return self.settings.needs

    def bind(self, canvas: Canvas) -> Rule:
        """The loss with its files read."""
        refuse(self.problems(canvas))
        return Towards(loss=self.loss.bound_to(canvas.shape, canvas.device), settings=self.settings, growth=self.growth)


@attrs.frozen(kw_only=True, eq=False)
class Towards(Rule):
    """TFG with its loss at hand; for Python, where there are no files.

    Attributes:
        loss: Of clean images.
        settings: How it is followed.
        growth: ``"constant"``, or ``"increase"``: strengths are as the signal is.
        mean_signal: Mean of the signal over the levels of the plan, which the trajectory tells.
    """

    kind = "tfg"
    loss: BoundLoss
    settings: Settings = PRESETS["tfg"]
    growth: str = "constant"
    mean_signal: float = 1.0

    @property
    def needs(self) -> frozenset[Need]:  # type: ignore[override]  # a constant of the class, but where options say it
        """A network that torch can differentiate, where a gradient goes through it."""
        return self.settings.needs

    def plan(self, plan: Plan) -> Plan:
        """Every step as often as it is made."""
        return travelled(plan, 1, self.settings.repeats)

    def along(self, plan: Plan) -> Rule:
        """The rule that knows how much signal there is on the way."""
        asked = [plan.levels[step].alpha for step in range(plan.steps) if not plan.climbs(step)]
        return attrs.evolve(self, mean_signal=sum(asked) / len(asked))

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that moves the state besides."""
        return Led(denoiser, self)


@attrs.frozen(eq=False)
class Led(Denoiser):
    """A denoiser whose steps are led towards what a loss wants."""

    inner: Denoiser
    rule: Towards

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Estimate, with gradients on where one goes through the network, and let the loss lead."""
        if level.alpha <= 0:  # a state without a signal says nothing of the image
            return (yield from self.inner.estimate(x, level))
        if self.rule.settings.scale == 0:
            return self._led((yield from self.inner.estimate(x, level)), None, level)
        x = x.detach().requires_grad_()
        return self._led((yield from differentiable(self.inner.estimate(x, level))), x, level)

    def _led(self, estimate: Estimate, x: Tensor | None, level: NoiseLevel) -> Estimate:
        settings, clean = self.rule.settings, estimate.clean
        there = level.step.there.alpha if level.step is not None else level.alpha
        grown = level.alpha / self.rule.mean_signal if self.rule.growth == "increase" else 1.0
        if x is not None:
            slope = self._slope(clean, x, level)[:, : clean.shape[1]]
            estimate = with_shift(estimate, -settings.scale * grown / (level.alpha / there) * slope)
        if settings.direct > 0:
            image = clean.detach().clone()  # what a network said in inference mode takes no gradient, and its copy does
            for _ in range(settings.iterations):
                image = image.requires_grad_()
                image = (image - settings.direct * grown * self._slope(image, image, level)).detach()
            estimate = with_shift(estimate, there * (image - clean.detach()))
        return estimate

    def _slope(self, clean: Tensor, x: Tensor, level: NoiseLevel) -> Tensor:
        r""":math:`-\nabla_x \log \tilde f`, where torch knows how ``clean`` came of ``x``."""
        import torch

        with torch.enable_grad():
            likely = torch.stack([-self.rule.loss.of(clean + noise) for noise in self._noise(clean, level)])
            [slope] = torch.autograd.grad(-likely.logsumexp(0).sum(), x)
        return slope

    def _noise(self, clean: Tensor, level: NoiseLevel) -> Iterator[Tensor | float]:
        """The draws that smooth the loss at a level, shape (1, C, H, W) each; 0 where it is taken as it is."""
        settings = self.rule.settings
        if settings.smooth == 0:
            yield 0.0
            return
        channels, height, width = clean.shape[1:]
        source = Noise(0, (0,), (channels, height, width), clean.device)
        for draw in range(settings.draws):
            yield source.draw(level.index, f"tfg {draw}").to(clean.dtype) * (settings.smooth * level.sigma)
