r"""The algebra of denoisers: one law, written once.

A denoiser estimates the clean image behind a noisy one. Denoisers are put together by

.. math:: D(x) = \sum_i w_i\, A_i\, d_i(B_i x) \qquad\text{with}\qquad \sum_i w_i A_i B_i = I

and nothing else. Because the weights sum to the identity, the mix is the same whether it is done on the clean
image, the noise or v. Guidance is (w, 1 - w); views are :math:`(V_i^\top / n, V_i)` (Visual Anagrams, arXiv
2311.17919); decompositions are :math:`(F_i, I)` (Factorized Diffusion, arXiv 2404.11615).

Estimates are coroutines (see `superpose.estimate.denoiser`), and a mix runs those of its terms side by side. Where all
that is inside are networks that are asked once, as in most recipes, none is run: their questions are known beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

import attrs

from superpose.errors import LawError
from superpose.estimate.blame import must_be_images, must_be_like
from superpose.estimate.denoiser import Denoiser, Prompted
from superpose.estimate.estimation import begun, together
from superpose.estimate.prediction import Estimate, renoised
from superpose.estimate.shares import gain, shared

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.conditioning import ChannelGroup
    from superpose.estimate.decomposition import Decomposition
    from superpose.estimate.query import Estimation
    from superpose.estimate.tensors import Map, Shape
    from superpose.estimate.view import View
    from superpose.levels.noise_level import NoiseLevel

#: Largest deviation from the identity that rounding explains, relative to unit noise.
TOLERANCE = 1e-4


def _same(x: Tensor) -> Tensor:
    return x


@attrs.frozen(eq=False)
class Term:
    r"""One summand :math:`w\,A\,d(B x)` of a mix.

    Attributes:
        denoiser: d.
        weight: w.
        before: B, linear; terms with equal ``before`` see the very same tensor.
        after: A, linear.
        apply_to_variance: What becomes of the variance on the way back; it permutes, and never negates or filters.
        variance_weight: Share in the variance of the mix; the shares are normalised to sum to one.
        orthogonal: Whether B must keep lengths, as a view does: noise that is not white is not noise to a network.
        makers: Whose methods the three maps are, as (object, method); None for one that is nobody's.
        name: What errors call it; its place among the terms where that is empty.
        whole: The transpose of B, where A is only its share of that; None where A is the transpose itself.
    """

    denoiser: Denoiser
    weight: float = 1.0
    before: Map = _same
    after: Map = _same
    apply_to_variance: Map = _same
    variance_weight: float = 1.0
    orthogonal: bool = False
    makers: tuple[tuple[object, str] | None, ...] = (None, None, None)
    name: str = ""
    whole: Map | None = None

    def check_tensors(self, shape: Shape) -> None:
        """Try each map once on an image of ``shape``.

        Raises:
            PluginError: If one gives no tensor, or one of another shape; says whose it is, and where.
        """
        before, after, apply_to_variance = self.makers
        x = _probe(shape, 0)
        seen = self.before(x)
        if before:
            must_be_images(seen, *before)
        for maker, back in ((after, self.after), (apply_to_variance, self.apply_to_variance)):
            if maker:
                must_be_like(back(seen), x, *maker)

    def check(self, name: str, shape: Shape, number: int) -> None:
        """Probe that the maps are linear and, where they must, keep lengths; raise `LawError` with the figure."""
        name = f"{name}, {self.name or f'term {number}'},"
        x, y = _probe(shape, 0), _probe(shape, 1)
        seen = self.before(x)
        for what, f, a, b in (("before", self.before, x, y), ("after", self.after, seen, self.before(y))):
            off = float((f(a + 2 * b) - f(a) - 2 * f(b)).abs().max())
            if not off <= TOLERANCE:
                raise LawError(
                    f"{name} is not lawful: its map {what} the networks is not linear (off by {off:.3g})", number
                )
        ratio = float(seen.norm() / x.norm()) if self.whole is None else gain(self.before, self.whole, seen)
        if self.orthogonal and not abs(ratio - 1) <= TOLERANCE:
            raise LawError(
                f"{name} is not lawful: a view changes the length of white noise {ratio:.4g} times, and networks "
                "expect noise of deviation 1; a view moves or mixes values (superpose.testing.check_view says more)",
                number,
            )


def _probe(shape: Shape, seed: int) -> Tensor:
    import torch

    return torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _asked(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(term for term in terms if term.weight != 0)


@attrs.frozen(eq=False)
class Mix(Denoiser):
    """A lawful sum of denoisers; terms of weight exactly 0 are not asked.

    Attributes:
        terms: The summands.
        name: What errors call it.
        disperses: Whether its estimates have their dispersion: see `with_dispersion`.
    """

    terms: tuple[Term, ...] = attrs.field(converter=_asked)
    name: str = "mix"
    disperses: bool = False
    _known_questions: bool = attrs.field(init=False)

    @_known_questions.default
    def _knows_questions(self) -> bool:
        # Of these two themselves: what is made of them may ask otherwise.
        inside = [term.denoiser for term in self.terms]
        return bool(inside) and all(
            type(one) is Prompted or (type(one) is Mix and one._known_questions) for one in inside
        )

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask every term side by side and sum what they say."""
        if self._known_questions:
            asked = self._inside(x)
            answers = yield [network.question(seen) for network, seen in asked]
            said = [network.read(answer, seen, level) for (network, seen), answer in zip(asked, answers, strict=True)]
            return self._read(iter(said))
        shown = self._shown(x)
        estimates = yield from together(begun(term.denoiser, shown[term.before], level) for term in self.terms)
        return self._mixed(estimates)

    def _shown(self, x: Tensor) -> dict[Map, Tensor]:
        seen: dict[Map, Tensor] = {}
        for term in self.terms:
            if term.before not in seen:
                seen[term.before] = x if term.before is _same else term.before(x)
        return seen

    def _inside(self, x: Tensor) -> list[tuple[Prompted, Tensor]]:
        """All networks inside, in order, with what each is shown."""
        shown = self._shown(x)
        found: list[tuple[Prompted, Tensor]] = []
        for term in self.terms:
            inner, seen = term.denoiser, shown[term.before]
            found += inner._inside(seen) if isinstance(inner, Mix) else [(cast("Prompted", inner), seen)]
        return found

    def _read(self, said: Iterator[Estimate]) -> Estimate:
        """The mix of what the networks inside said."""
        inner = (term.denoiser for term in self.terms)
        return self._mixed([one._read(said) if isinstance(one, Mix) else next(said) for one in inner])

    def _mixed(self, estimates: Sequence[Estimate]) -> Estimate:
        clean = self._summed([estimate.clean for estimate in estimates])
        if clean is None:
            raise LawError(f"{self.name} has no terms")
        # Steering is linear too: it moves the clean image by a number times the steer.
        return Estimate(
            clean,
            self._variance(estimates),
            self._summed([estimate.guidance_gradient for estimate in estimates]),
            self._summed(renoised(estimates)),
            self._summed([estimate.displacement for estimate in estimates]),
            self._dispersion(estimates, clean) if self.disperses else None,
        )

    def with_dispersion(self) -> Denoiser:
        """The same, of terms that have theirs.

        Raises:
            LawError: If a term shows only a part of the image, or is no product of densities itself.
        """
        for number, term in enumerate(self.terms):
            if term.whole is not None or not (term.orthogonal or (term.before is _same and term.after is _same)):
                raise LawError(
                    f"{self.name} is no product of densities: {term.name or f'term {number}'} says what a part of the "
                    "image is, and not how likely the whole",
                    number,
                )
        terms = tuple(attrs.evolve(term, denoiser=term.denoiser.with_dispersion()) for term in self.terms)
        return attrs.evolve(self, terms=terms, disperses=True)

    def _dispersion(self, estimates: Sequence[Estimate], clean: Tensor) -> Tensor:
        """The weighted mean of squared distances from the mix, and of the dispersions inside."""
        total = clean.double().new_zeros(len(clean))
        for term, estimate in zip(self.terms, estimates, strict=True):
            # In float64, the bits of a sample do not depend on the batch.
            off = (term.after(estimate.clean) - clean).double().square().sum((1, 2, 3))
            total = total + term.weight * (off if estimate.dispersion is None else off + estimate.dispersion)
        return total

    def _summed(self, images: Sequence[Tensor | None]) -> Tensor | None:
        total = None
        for term, image in zip(self.terms, images, strict=True):
            if image is None:
                continue
            seen = image if term.after is _same else term.after(image)
            if total is None:
                total = seen if term.weight == 1 else seen * term.weight
                # A weight of one hands through a tensor that somebody else may still read.
                owned = term.weight != 1
            elif owned:
                total.add_(seen, alpha=term.weight)
            else:
                total, owned = total.add(seen, alpha=term.weight), True
        return total

    def _variance(self, estimates: Sequence[Estimate]) -> Tensor | None:
        shares = [
            (term, estimate.variance)
            for term, estimate in zip(self.terms, estimates, strict=True)
            if estimate.variance is not None and term.variance_weight != 0
        ]
        whole = sum(term.variance_weight for term, _ in shares)
        total = None
        for term, variance in shares:
            share = variance if term.apply_to_variance is _same else term.apply_to_variance(variance)
            if len(shares) > 1:
                share = share * (term.variance_weight / whole)
            total = share if total is None else total.add_(share)
        return total

    def gap(self, shape: Shape) -> float:
        r"""Largest deviation of :math:`\sum_i w_i A_i B_i` from the identity on white noise of ``shape``."""
        x = _probe(shape, 0)
        total = x * 0
        for term in self.terms:
            total = total + term.weight * term.after(term.before(x))
        return float((total - x).abs().max())

    def check(self, shape: Shape) -> None:
        """Probe the law here and below."""
        for term in self.terms:
            term.check_tensors(shape)
        gap = self.gap(shape)
        if not gap <= TOLERANCE:  # also what is not a number
            number = self._furthest(shape)
            which = "" if number is None else f", {self.terms[number].name or f'term {number}'} above all"
            weights = " + ".join(f"{term.weight:g}" for term in self.terms)
            raise LawError(
                f"{self.name} is not lawful: its terms are {gap:.3g} away from adding up to the identity{which}; "
                f"weights must sum to 1 (here {weights}), views must be orthogonal and parts sum to the whole image",
                number,
            )
        for number, term in enumerate(self.terms):
            term.check(self.name, shape, number)
            channels, height, width = term.before(_probe(shape, 0)).shape[1:]
            term.denoiser.check((channels, height, width))

    def _furthest(self, shape: Shape) -> int | None:
        """The term that is furthest from any multiple of the identity; None where all are multiples of it."""
        x = _probe(shape, 0)
        seen = [term.after(term.before(x)) for term in self.terms]
        off = [float((one - x * ((one * x).sum() / (x * x).sum())).abs().max()) for one in seen]
        return max(range(len(off)), key=off.__getitem__) if off and max(off) > TOLERANCE else None


def guided(positive: Denoiser, negative: Denoiser, scale: float) -> Mix:
    r"""Classifier-free guidance :math:`w\,d_+ + (1 - w)\,d_-` (arXiv 2207.12598); the variance is that of ``positive``.

    Arguments:
        scale: w; 1 is no guidance and asks only ``positive``, 0 asks only ``negative``.
    """
    terms = Term(positive, scale), Term(negative, 1 - scale, variance_weight=0.0 if scale != 0 else 1.0)
    return Mix(terms, name="guidance")


def viewed(
    pairs: Iterable[tuple[View, Denoiser]],
    weights: Sequence[float] | None = None,
    channels: int | None = None,
    conditioning: Sequence[ChannelGroup] = (),
) -> Mix:
    r"""Several views of one image: :math:`\sum_i w_i V_i^\top d_i(V_i x)`.

    Arguments:
        pairs: Each view with the denoiser that judges what it shows.
        weights: Their shares, summing to 1; equal when not given.
        channels: Channels of the state, where others are laid beside it (`NoisePredictor.beside`). None where there is
            nothing beside it.
        conditioning: How views act on those (`NoisePredictor.concat_conditioning`); as on pictures of as many channels
            as the state where nothing is said.
    """
    from superpose.estimate.conditioning import Seen

    pairs = list(pairs)
    shares = [1 / len(pairs)] * len(pairs) if weights is None else list(weights)
    same: dict[View, View] = {}  # equal views become one object, so that they show one tensor
    views = [same.setdefault(view, view) for view, _ in pairs]
    terms = []
    for view, (share, part), (_, denoiser) in zip(views, shared(views, shares), pairs, strict=True):
        before, after, apply_to_variance = view.maps()
        if part is not None:
            after, apply_to_variance = part.back, part.variance_back
        before = before if channels is None else Seen(view, channels, tuple(conditioning))
        terms.append(
            Term(
                denoiser,
                share,
                before,
                after,
                apply_to_variance,
                variance_weight=share,
                orthogonal=True,
                makers=((view, "apply"), (view, "invert"), (view, "apply_to_variance")),
                name=f"view {view.kind!r}",
                whole=None if part is None else view.invert,
            )
        )
    return Mix(tuple(terms), name="views")


def factorized(decomposition: Decomposition, denoisers: Sequence[Denoiser]) -> Mix:
    r"""One denoiser a part: :math:`\sum_i F_i d_i(x)`, in the order of ``decomposition.names``."""
    from superpose.estimate.decomposition import Decomposition

    names = decomposition.names
    if len(names) != len(denoisers):
        raise LawError(
            f"{decomposition.kind} has the parts {', '.join(names)}, but {len(denoisers)} denoisers were given"
        )
    maker = (decomposition, "split" if type(decomposition).part is Decomposition.part else "part")
    terms = [
        Term(denoiser, after=decomposition.part(name), makers=(None, maker, None), name=f"part {name!r}")
        for name, denoiser in zip(names, denoisers, strict=True)
    ]
    return Mix(tuple(terms), name=f"decomposition {decomposition.kind!r}")
