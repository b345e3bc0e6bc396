"""The laws of taps, and of the sites of a network that they are at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.errors import LawError, RunError
from superpose.estimate.attention import Tap
from superpose.estimate.predictor import Conditioning
from superpose.estimate.tapped import Tapped
from superpose.testing.law import Law, figures
from superpose.testing.probes import gap, noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from superpose.estimate.attention import Attention, Site
    from superpose.estimate.predictor import NoisePredictor
    from superpose.levels.noise_level import NoiseLevel

#: Rows of every question.
ROWS = 4
#: How far probabilities may be from a sum of 1, and an answer made of them from that of a kernel, relatively.
ROUNDING = 1e-4


def check_tap(
    make: Callable[[], Tap], predictor: NoisePredictor | None = None, prompt: str = "a cat"
) -> dict[str, float]:
    """Hold a tap to its laws.

    Arguments:
        make: Makes it, as an estimate does.
        predictor: A network with sites that it looks at; a small random one when not given.
        prompt: One that the network knows.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
        RunError: If it is at no site of the network.
    """
    return figures(tap_laws(make, predictor or _tiny(), prompt))


def tap_laws(make: Callable[[], Tap], predictor: NoisePredictor, prompt: str) -> Iterator[Law]:
    """The laws of a tap."""
    question = _Question(predictor, prompt)
    yield Law("keeps-rows-apart", lambda: keeps_rows_apart(make, question))
    yield Law("batch-invariance", lambda: is_the_same_alone(make, question))
    yield Law("writes-to-nothing", lambda: writes_to_nothing(make, question))


def keeps_rows_apart(make: Callable[[], Tap], question: _Question) -> float:
    """With as many rows, a row's answer is the same bits whatever the other rows are."""
    x, others = question.states(), question.states(seed=1)
    whole = question.answer(x, make())
    for i in range(len(x)):
        mixed = others.clone()
        mixed[i] = x[i]
        if (off := gap(question.answer(mixed, make())[i], whole[i])) > 0:
            raise LawError(f"{_name(make)}: row {i} changes by {off:.3g} with the rows beside it")
    return 0.0


def is_the_same_alone(make: Callable[[], Tap], question: _Question, allowed: float = 0.0) -> float:
    """Sample k of many is the same bits as sample k alone, in forward passes of one size, or nearly: how far it is."""
    x, largest = question.states(), 0.0
    whole = question.answer(x, make(), batch_size=2)
    for i in range(len(x)):
        alone = question.answer(x, make(), batch_size=2, rows=slice(i, i + 1))
        off = gap(alone[0], whole[i])
        if not off <= allowed * float(whole[i].abs().max()):
            raise LawError(f"{_name(make)}: sample {i} alone differs by {off:.3g} from itself among others")
        largest = max(largest, off)
    return largest


def writes_to_nothing(make: Callable[[], Tap], question: _Question) -> float:
    """It leaves the tensors alone that it is shown."""
    guarded = Guarded(make())
    question.answer(question.states(), guarded)
    return 0.0


def site_laws(predictor: NoisePredictor, prompt: str = "", laid: Conditioning | None = None) -> Iterator[Law]:
    """The laws of a network's sites, where it has any; ``laid`` is what lies beside `ROWS` samples."""
    if predictor.sites:
        question = _Question(predictor, prompt, laid)
        yield Law("has-the-sites-it-says", lambda: has_the_sites_it_says(question))
        yield Law("is-read-for-nothing", lambda: is_read_for_nothing(question))
        yield Law("sums-to-one", lambda: sums_to_one(question))
        yield Law("answers-by-its-probabilities", lambda: answers_by_its_probabilities(question))
        yield Law("edits-keep-rows-apart", lambda: keeps_rows_apart(Mean, question))
        # To the last bit where the network's own layers keep rows apart, which those of a library need not do.
        yield Law("edits-keep-samples", lambda: is_the_same_alone(Mean, question, ROUNDING))


def has_the_sites_it_says(question: _Question) -> float:
    """A forward pass goes through the sites that the network says it has, and no others."""
    seen, name = Seen(), type(question.predictor).__name__
    try:
        question.answer(question.states(), seen)
    except RunError as error:
        raise LawError(f"{name} says it has sites, and goes through none: {error}") from error
    said = set(question.predictor.sites)
    if lost := said ^ {*seen.sites, *seen.blocks}:
        raise LawError(f"{name}: {sorted(site.name for site in lost)[0]} is not both announced and gone through")
    return float(len(said))


def is_read_for_nothing(question: _Question) -> float:
    """A tap that puts nothing in place changes no bit."""
    x = question.states()
    if (off := gap(question.answer(x, Seen()), question.answer(x))) > 0:
        raise LawError(f"{type(question.predictor).__name__}: attention that is only read changes it by {off:.3g}")
    return 0.0


def sums_to_one(question: _Question) -> float:
    """Probabilities are not negative, and those of a place sum to 1: how far they are from it."""
    seen = Seen()
    question.answer(question.states(), seen)
    for site, off in seen.gaps.items():
        if not off <= ROUNDING:
            raise LawError(f"{site.name}: the probabilities of a place are {off:.3g} away from a sum of 1")
    return max(seen.gaps.values(), default=0.0)


def answers_by_its_probabilities(question: _Question) -> float:
    """Its own probabilities in their own place change it by rounding alone: how much, relatively."""
    x = question.states()
    want = question.answer(x)
    off = gap(question.answer(x, Same()), want) / max(float(want.abs().max()), 1e-12)
    if not off <= ROUNDING:
        raise LawError(
            f"{type(question.predictor).__name__}: with its own probabilities it answers something {off:.3g} times as "
            "large away: call superpose.attend with the query, key, value and mask that its kernel has"
        )
    return off


@attrs.define(eq=False)
class Seen(Tap):
    """Reads everything and changes nothing.

    Attributes:
        sites: Where attention was.
        blocks: What could have been left out.
        gaps: How far the probabilities of each site are from sums of 1, or below 0.
    """

    sites: list[Site] = attrs.field(factory=list)
    blocks: list[Site] = attrs.field(factory=list)
    gaps: dict[Site, float] = attrs.field(factory=dict)

    def edit(self, attention: Attention) -> None:
        """Look, and leave it."""
        self.sites.append(attention.site)
        found = attention.probabilities
        off = max(float((found.sum(-1) - 1).abs().max()), -float(found.min()))
        self.gaps[attention.site] = max(self.gaps.get(attention.site, 0.0), off)

    def skips(self, block: Site) -> bool:
        """Never."""
        self.blocks.append(block)
        return False


@attrs.frozen
class Same(Tap):
    """Puts the probabilities in place that are there."""

    def edit(self, attention: Attention) -> Tensor:
        """Those of the network."""
        return attention.probabilities


@attrs.frozen
class Mean(Tap):
    """Has every place look at all that there is to see alike."""

    def edit(self, attention: Attention) -> Tensor:
        """The mean of what is looked at."""
        return attention.probabilities.mean(-1, keepdim=True).expand_as(attention.probabilities)


@attrs.frozen(eq=False)
class Guarded(Tap):
    """Another tap, held to writing to nothing."""

    inner: Tap

    def at(self, site: Site) -> bool:
        """Sites of the other."""
        return self.inner.at(site)

    def edit(self, attention: Attention) -> Tensor | None:
        """Edit of the other, after which all that it was shown is compared with itself."""
        shown = [one for one in (attention.query, attention.key, attention.value) if one is not None]
        before = [one.clone() for one in shown]
        edited = self.inner.edit(attention)
        if any(gap(one, was) > 0 for one, was in zip(shown, before, strict=True)):
            raise LawError(f"{type(self.inner).__name__} writes to what it is shown at {attention.site.name}")
        return edited

    def skips(self, block: Site) -> bool:
        """Blocks that the other skips."""
        return self.inner.skips(block)


class _Question:
    """Questions of `ROWS` rows about one prompt, and of some of them."""

    def __init__(self, predictor: NoisePredictor, prompt: str, laid: Conditioning | None = None) -> None:
        from superpose.estimate.denoiser import Prompted

        self.predictor, self.laid = predictor, laid or Conditioning()
        self.plain = Prompted(predictor, predictor.condition(prompt))
        self.level: NoiseLevel = predictor.schedule.level(0, predictor.schedule.steps // 2)

    def states(self, seed: int = 0) -> Tensor:
        """Noise as states."""
        return noise(ROWS, *self.predictor.shape, seed=seed, double=False).to(self.predictor.device)

    def answer(
        self, x: Tensor, tap: Tap | None = None, batch_size: int | None = None, rows: slice = slice(ROWS)
    ) -> Tensor:
        """The clean images of some of the states ``x``, the attention tapped."""
        import torch

        from superpose.estimate.batching import BatchedEvaluator  # needs torch; this module does not

        seen = x if self.laid.channels is None else torch.cat((x, self.laid.channels), 1)
        given = {name: tensor[rows] for name, tensor in self.laid.per_sample.items()}
        with torch.no_grad():
            denoiser = self.plain if tap is None else Tapped(self.plain, (tap,))
            return BatchedEvaluator(batch_size, {self.predictor: given})(denoiser, seen[rows], self.level).clean


def _name(make: Callable[[], Tap]) -> str:
    return type(make()).__name__


def _tiny() -> NoisePredictor:
    from superpose.testing.predictors import AttentivePredictor  # needs torch; this module does not

    return AttentivePredictor()
