r"""Superposition of densities along the path that is sampled: OR and AND of SuperDiff (arXiv 2412.17762).

What is moved by noise of the process itself tells how likely each density finds it, with no divergence and no further
question (Ito density estimator). From :math:`x_t` a density whose clean image is :math:`D_i` goes to
:math:`x_s \sim N(a x_t + b D_i, c^2)`, the posterior of the process. By Bayes' rule the density of where the path did
go changes by

.. math:: \log q_i \leftarrow \log q_i - \frac{1}{2 c^2} \| x_s - a x_t - b D_i \|^2 + \mathrm{const}

with a constant that is the same for all. The authors' :math:`\langle dx, \nabla \log q_i \rangle - \frac{g^2}{2}
\|\nabla \log q_i\|^2 dt` has the same limit; of finite steps this one is several times as exact while the image is
decided. Then

- OR draws from the mixture :math:`\sum_i w_i q_i`: the shares of the clean images are
  :math:`\mathrm{softmax}_i(\log w_i + \log q_i)`.
- AND keeps all :math:`q_i` equally likely: with the noise :math:`\xi` that the step will add, known before it,
  shares that sum to 1 are solved for so that :math:`\| b (D - D_i) + c\, \xi \|` is the same for all. A **lift**
  :math:`l_i` has :math:`\log q_i` gain so much more than the others, as the signal is found.
- AND along the probability flow, whose steps have no noise, has to know how the flow of each density spreads: in
  :math:`y = x / \alpha` and :math:`\rho = \sigma / \alpha`, where :math:`dy / d\rho = (y - D) / \rho`,

  .. math:: \frac{d \log q_i}{d \rho} = \frac1\rho \Big(\nabla \cdot D_i + \frac{\langle y - D_i, D - D_i \rangle}
            {\rho^2} - n\Big)

  and the divergence is found by a walk back through the network from random signs (Hutchinson).

Where subjects are guided, shares are of what guidance makes, and densities those without it, as the authors have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.errors import LawError, RecipeError
from superpose.estimate.ahead import foreseen
from superpose.estimate.denoiser import Denoiser, Prompted
from superpose.estimate.estimation import begun, differentiable, together
from superpose.estimate.memory import recall, remember
from superpose.estimate.mix import TOLERANCE, Mix, Term
from superpose.estimate.own_levels import OwnLevels
from superpose.estimate.prediction import Estimate, renoised

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from torch import Tensor

    from superpose.estimate.ahead import Ahead
    from superpose.estimate.prediction import Prediction
    from superpose.estimate.query import Estimation, Query
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import StepNoise

OR, AND = "superdiff-or", "superdiff-and"
#: Where they come from.
PAPER = "arXiv 2412.17762"
#: Signal, of a state of unit variance, up to which densities are taken for the same along the flow: what differs of
#: divergences there is less than what a network is wrong by, and one direction tried tells less still.
SIGNAL = 0.02
#: Relative size of what solving for shares takes for nothing: there the densities say the same.
SMALLEST = 1e-9


@attrs.frozen(eq=False)
class Superposed(Denoiser):
    """Several subjects, of shares that the path decides: see the module.

    Attributes:
        kind: ``superdiff-or`` or ``superdiff-and``.
        subjects: What is shown, as guidance makes it.
        densities: The same without guidance; each the same object where there is none.
        weights: Shares of the mixture of OR, which sum to 1; equal of AND.
        lifts: Of AND, how much more likely each is to be in the end, in nats; none where all are equally likely.
    """

    reads_path = True
    kind: str
    subjects: tuple[Term, ...]
    densities: tuple[Term, ...]
    weights: tuple[float, ...]
    lifts: tuple[float, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse what has no density, and weights of what is to be equal."""
        for number, term in enumerate(self.densities):
            if why := without_density(term):
                raise LawError(f"{self.kind} compares the densities of its subjects, and {why}", number)
        if self.kind == AND and len(set(self.weights)) > 1:
            raise LawError(f"{AND} keeps densities equal and has no weights: leave them out, or use {OR}")
        if self.kind != AND and any(self.lifts):
            raise LawError(f"lifts are of densities that {AND} keeps equal: leave them out, or use it")

    def check(self, shape: Shape) -> None:
        """Probe each subject alone."""
        for term in (*self.subjects, *self.densities):
            Mix((term,), self.kind).check(shape)

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask all at once, and share by what they said before (OR) or by the noise to come (AND)."""
        ahead = yield from foreseen(self)
        self._check(ahead)
        flowing = self.kind == AND and ahead is not None and ahead.flows
        guided, plain, spread = yield from self._asked(x, level, ahead.noise if ahead and flowing else None)
        if self.kind == AND:
            shares = self._equal(ahead, x, level, guided, plain, spread)
        else:
            shares = yield from self._followed(ahead, x, plain)
        # A variance is not asked for: the steps that densities are read off have the variance of the process.
        return Estimate(
            _summed(shares, [each.clean for each in guided]),
            None,
            *(
                _summed(shares, values) if any(value is not None for value in values) else None
                for values in (
                    [each.guidance_gradient for each in guided],
                    renoised(guided),
                    [each.displacement for each in guided],
                )
            ),
        )

    def _asked(
        self, x: Tensor, level: NoiseLevel, noise: StepNoise | None
    ) -> Generator[list[Query], list[Prediction], tuple[list[Estimate], list[Estimate], Tensor | None]]:
        """The estimates of the subjects and of the densities, each seen as the image is, and divergences for a flow."""
        import torch

        terms = [*self.subjects, *(one for one in self.densities if one not in self.subjects)]
        seen: dict[object, Tensor] = {}
        x = x if noise is None else x.detach().requires_grad_()
        with torch.set_grad_enabled(noise is not None or torch.is_grad_enabled()):
            for term in terms:
                if term.before not in seen:
                    seen[term.before] = term.before(x)
        runs = (begun(term.denoiser, seen[term.before], level) for term in terms)
        found = yield from together(runs if noise is None else map(differentiable, runs))
        with torch.set_grad_enabled(noise is not None or torch.is_grad_enabled()):
            back = {id(term): _back(term, estimate) for term, estimate in zip(terms, found, strict=True)}
        guided, plain = ([back[id(term)] for term in of] for of in (self.subjects, self.densities))
        if noise is None:
            return guided, plain, None
        spread = divergences([each.clean for each in plain], x, noise("divergence", "uniform"))
        return _detached(guided), _detached(plain), spread * level.alpha

    def _check(self, ahead: Ahead | None) -> None:
        if ahead is None:  # asked outside a run
            return
        if not ahead.reverses and not (self.kind == AND and ahead.flows):
            raise RecipeError(f"{self.kind} {FLOWS if self.kind == AND else NEEDS}")
        if self.kind == AND and not ahead.outermost:
            raise RecipeError(
                f"{AND} solves for the step that is made, and something changes the clean image after it: say it "
                "outermost, with no constraint, and with no clip"
            )

    def _followed(
        self, ahead: Ahead | None, x: Tensor, plain: Sequence[Estimate]
    ) -> Generator[list[Query], list[Prediction], Tensor]:
        """Shares of OR by the path so far, shape (N, M); remembered is where each density would go now."""
        import torch

        cleans = torch.stack([each.clean for each in plain], 1)
        state = x[:, : cleans.shape[2]]
        log_densities = cleans.new_zeros(cleans.shape[:2], dtype=torch.float64)
        told, means = (yield from recall(self)), (yield from recall(self))
        if told is not None and means is not None:
            log_densities = told[:, :-1] + gained(state, means, told[:, -1])
        if ahead is not None and ahead.move is not None and ahead.move.fresh > 0:
            on_state, on_clean, fresh = ahead.move
            variance = log_densities.new_full((len(x), 1), fresh**2)
            yield from remember(self, torch.cat((log_densities, variance), 1))
            yield from remember(self, on_state * state[:, None] + on_clean * cleans)
        return mixed_shares(log_densities, self.weights)

    def _equal(
        self,
        ahead: Ahead | None,
        x: Tensor,
        level: NoiseLevel,
        guided: Sequence[Estimate],
        plain: Sequence[Estimate],
        spread: Tensor | None,
    ) -> Tensor:
        """Shares of AND, shape (N, M)."""
        import torch

        if any(value is not None for each in guided for value in (each[2], each[3], each[4])):
            raise RecipeError(
                f"{AND} solves for the clean image, and a guidance moves it otherwise: use one that does not"
            )
        clean, own = (torch.stack([each.clean for each in of], 1) for of in (guided, plain))
        noisy = level.alpha == 0 if spread is None else level.alpha <= SIGNAL * level.prior
        if ahead is None or ahead.move is None or noisy:
            return clean.new_full(clean.shape[:2], 1 / len(guided), dtype=torch.float64)
        lifts = own.new_tensor(self.lifts or [0.0] * len(plain), dtype=torch.float64)
        there = level.step.there if level.step is not None else level
        lifts = lifts * lifted(level, there)
        if spread is not None:
            state = x[:, None, : own.shape[2]].double() / level.alpha
            less = (state - own.double()).square().sum((2, 3, 4)) / 2
            less = less + level.ratio**2 * (spread + lifts * level.ratio / (level.ratio - there.ratio))
            return equal_shares(own, clean, torch.zeros_like(plain[0].clean), less)
        reach = ahead.move.fresh / ahead.move.on_clean
        return equal_shares(own, clean, ahead.noise() * reach, (reach**2 * lifts).expand(own.shape[:2]))


#: What both need of a scheduler.
NEEDS = (
    "reads densities off steps that reverse the process, and those of this scheduler do not: use an ancestral one, "
    "with the fixed small variance of the posterior, or eta = 1"
)
#: The same of AND, which can do with the probability flow as well.
FLOWS = NEEDS + "; or steps of first order along the probability flow"
#: Who can't.
RIGID = (
    "along the probability flow walks back through the network, and that of the model is not differentiable: use an "
    "ancestral scheduler"
)


def gained(x: Tensor, means: Tensor, variance: Tensor) -> Tensor:
    """What densities gain, but for a constant of all, where a step has led to x (N, C, H, W); shape (N, M), float64.

    Arguments:
        x: Where the path has gone.
        means: Where each density would have gone, shape (N, M, C, H, W).
        variance: Of the noise of the step, shape (N,).
    """
    # In float64, the bits of a sample do not depend on the batch.
    off = (x[:, None].double() - means.double()).square().sum((2, 3, 4))
    gain = -off / (2 * variance.double()[:, None])
    return gain - gain.amax(1, keepdim=True)


def mixed_shares(log_densities: Tensor, weights: Sequence[float], temperature: float = 1.0) -> Tensor:
    """Shares of a mixture's score, shape (N, M): how likely each density is to be behind a sample.

    Arguments:
        log_densities: Logarithms of the densities, shape (N, M).
        weights: Shares of the densities in the mixture.
        temperature: Multiplies logarithms, weights included; 1 is the mixture.
    """
    logits = log_densities + log_densities.new_tensor(weights).log()
    return (temperature * logits).softmax(1)


def lifted(here: NoiseLevel, there: NoiseLevel) -> float:
    """The share of a lift that densities gain in a step: that of the signal's power which it finds.

    The authors lift by as much in each step. Where all is noise densities hardly differ, and to move them apart there
    takes shares without end.
    """
    return there.alpha**2 / there.prior**2 - here.alpha**2 / here.prior**2


def divergences(cleans: Sequence[Tensor], x: Tensor, uniform: Tensor) -> Tensor:
    """The divergence of each clean image in the state, but for chance; shape (N, M), float64.

    Arguments:
        cleans: Clean images that torch can differentiate by ``x``, shape (N, C, H, W).
        x: The state, which may have more channels.
        uniform: Uniform noise in [0, 1), whose signs about a half are the directions that are tried.
    """
    import torch

    signs = torch.where(uniform < 0.5, -1.0, 1.0)
    last = len(cleans) - 1
    found = []
    for number, clean in enumerate(cleans):
        [moved] = torch.autograd.grad(clean, x, signs, retain_graph=number < last, allow_unused=True)
        moved = torch.zeros_like(x) if moved is None else moved
        found.append((signs.double() * moved[:, : signs.shape[1]].double()).sum((1, 2, 3)))
    return torch.stack(found, 1)


def equal_shares(plain: Tensor, guided: Tensor, noise: Tensor, less: Tensor | None = None) -> Tensor:
    r"""Shares k, summing to 1, with which all densities find the step to come equally likely; shape (N, M), float64.

    With :math:`D = \sum_i k_i G_i` these are :math:`\| D + z - D_i \|^2 / 2 + r_i` equal for all i, which is linear in
    k. Where densities say the same anything solves it, and the shares are as near to equal ones as may be.

    Arguments:
        plain: Clean images :math:`D_i` of the densities, shape (N, M, C, H, W).
        guided: Those :math:`G_i` that are shared, shaped so.
        noise: z, the noise of the step as seen in its clean image, shape (N, C, H, W).
        less: :math:`r_i`, by which densities are to differ, shape (N, M); none where not given.
    """
    import torch

    samples, count = plain.shape[:2]
    d, g, z = (each.double().reshape(samples, -1, each[0, 0].numel()) for each in (plain, guided, noise[:, None]))
    off, along = d[:, 1:] - d[:, :1], g[:, 1:] - g[:, :1]
    start = g.mean(1, keepdim=True) + z - d[:, :1]
    more_of = d.new_zeros(samples, count - 1) if less is None else less[:, 1:] - less[:, :1]
    # Sample by sample, so that the bits of each do not depend on the batch.
    shares = []
    for here, there, begun_at, besides in zip(off, along, start, more_of, strict=True):
        short = here.square().sum(1) / 2 - (here * begun_at).sum(1) + besides
        system = (here[:, None] * there[None]).sum(2)
        more = torch.linalg.pinv(system, rtol=SMALLEST) @ short if count > 2 else _divided(short, system[0])
        shares.append(torch.cat((-more.sum()[None], more)) + 1 / count)
    return torch.stack(shares)


def _divided(short: Tensor, by: Tensor) -> Tensor:
    """The one share of two subjects; none where they say the same."""
    import torch

    return torch.where(by != 0, short / torch.where(by != 0, by, 1.0), 0.0)


def without_density(term: Term) -> str | None:
    """Why what a term says is no density of whole images; None where it is one."""
    inner = term.denoiser
    while isinstance(inner, OwnLevels):
        inner = inner.denoiser
    whole = term.orthogonal and abs(term.weight - 1) <= TOLERANCE
    if isinstance(inner, Prompted) or (isinstance(inner, Superposed) and inner.kind == OR):
        return None if whole else f"{term.name} says what a part of the image is"
    if isinstance(inner, Mix) and len(inner.terms) == 1:
        return without_density(inner.terms[0])
    name = inner.name if isinstance(inner, Mix) else type(inner).__name__
    return f"{term.name} shows what has none ({name}): let it show one prompt, in any view, or {OR} of some"


def superposed(kind: str, mix: Mix, densities: Mix | None = None, lifts: Sequence[float] = ()) -> Superposed:
    """OR or AND of the views of a mix.

    Arguments:
        kind: ``superdiff-or`` or ``superdiff-and``.
        mix: What `viewed` gives, of subjects with their guidance.
        densities: The same of those without, in the same order; the mix itself where none is guided.
        lifts: Of AND, the nats by which each is to be more likely in the end; none where not given.

    Raises:
        LawError: If one has no density, AND has weights, or OR lifts.
    """
    terms = tuple(map(_alone, mix.terms))
    plain = terms if densities is None else tuple(map(_alone, densities.terms))
    same = {term.denoiser: term for term in terms}
    shared = tuple(same.get(term.denoiser, term) for term in plain)
    return Superposed(kind, terms, shared, tuple(term.weight for term in mix.terms), tuple(lifts))


def _alone(term: Term) -> Term:
    return attrs.evolve(term, weight=1.0, variance_weight=1.0)


def _back(term: Term, estimate: Estimate) -> Estimate:
    """An estimate of what a view shows, as one of the image."""

    def back(image: Tensor | None) -> Tensor | None:
        return None if image is None else term.after(image)

    others = (back(estimate.guidance_gradient), back(estimate.renoise), back(estimate.displacement))
    return Estimate(term.after(estimate.clean), None, *others)


def _detached(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The estimates without what torch would differentiate them by."""
    return [Estimate._make(None if it is None else it.detach() for it in each) for each in estimates]


def _summed(shares: Tensor, images: Sequence[Tensor | None]) -> Tensor:
    """The images, each times its share in each sample; those that are none count nothing."""
    weights = shares.float()[:, :, None, None, None]
    terms = [weights[:, i] * image for i, image in enumerate(images) if image is not None]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
