"""The search: few drawings of every pair, then more of the best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs
import torch
from torch import Tensor

from superpose.estimate.classifier import Classifier, ClassifierPredictor
from superpose.estimate.clipped import Clipped
from superpose.estimate.denoiser import Denoiser, prompted
from superpose.estimate.estimation import begun, together
from superpose.estimate.mix import guided, viewed
from superpose.estimate.prediction import Estimate
from superpose.estimate.predictor import Condition, NoisePredictor
from superpose.estimate.view import View
from superpose.running.shortcuts import make
from superpose.sampling.loop import Trajectory
from superpose.sampling.noise import Noise
from superpose.search.tally import Tally, ranked

if TYPE_CHECKING:
    from superpose.estimate.query import Estimation
    from superpose.levels.noise_level import NoiseLevel

#: Rows of a forward pass: so many pairs are drawn side by side as fill it, and none depends on the others.
ROWS = 64

#: Rows that a sample of a pair asks: both readings, with their prompt and without.
ROWS_OF_SAMPLE = 4


@attrs.frozen
class Upright(View):
    """The image as it is."""

    kind = "upright"

    def apply(self, x: Tensor) -> Tensor:
        return x

    def invert(self, x: Tensor) -> Tensor:
        return x


@attrs.frozen(eq=False)
class SideBySide(Denoiser):
    """Denoisers that each see rows of their own, so that one forward pass serves them all.

    Attributes:
        denoisers: Of equal shares of the rows, in order.
    """

    denoisers: tuple[Denoiser, ...]

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask all at once; their clean images below one another."""
        shares = x.chunk(len(self.denoisers))
        runs = (begun(denoiser, share, level) for denoiser, share in zip(self.denoisers, shares, strict=True))
        estimates = yield from together(runs)
        return Estimate(torch.cat([estimate.clean for estimate in estimates]))


@attrs.frozen(kw_only=True)
class Round:
    """Settings of drawings.

    Attributes:
        samples: Of each pair.
        steps: Of DDIM.
        first: Number of the first sample; rounds with numbers of their own share no noise.
    """

    samples: int
    steps: int
    first: int = 0


@attrs.frozen(eq=False)
class Pairs:
    """Draws pairs of words and has them read.

    Attributes:
        predictor: Draws.
        classifier: Knows which class a word names.
        reader: Reads.
        view: Through which the second word is read.
        scale: Of classifier-free guidance, away from the prompt "".
        seed: Of the noise.
        itself: Whether a word makes a pair with itself, too.
    """

    predictor: NoisePredictor
    classifier: Classifier
    reader: ClassifierPredictor
    view: View
    scale: float = 5.0
    seed: int = 0
    itself: bool = False
    _conditions: dict[str, Condition] = attrs.field(factory=dict, init=False)

    @property
    def mirrored(self) -> bool:
        """True where the view undoes itself, so that a pair and its reverse are one."""
        channels, height, width = self.predictor.shape
        x = torch.arange(channels * height * width, dtype=torch.float32).view(1, channels, height, width)
        return torch.equal(self.view.apply(self.view.apply(x)), x)

    def of(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """The pairs of words that are to be drawn."""
        choose = itertools.combinations if self.mirrored else itertools.permutations
        return [*choose(words, 2), *((word, word) for word in words if self.itself)]

    def search(
        self, words: Sequence[str], few: Round, more: Round, best: int, done: Sequence[Tally] = ()
    ) -> Iterator[Tally]:
        """Each pair's tally as it is found, but for those that are ``done``: all of the first round, then the best."""
        known = {(one.first, one.second, one.refined): one for one in done}
        pairs = self.of(words)
        for tally in self._drawn([pair for pair in pairs if (*pair, False) not in known], few):
            known[tally.first, tally.second, False] = tally
            yield tally
        chosen = [(one.first, one.second) for one in ranked([known[*pair, False] for pair in pairs])[:best]]
        for tally in self._drawn([pair for pair in chosen if (*pair, True) not in known], more):
            yield attrs.evolve(tally, refined=True)

    def drawn(self, pairs: Sequence[tuple[str, str]], how: Round) -> list[Tally]:
        """Readings of drawings of some pairs, side by side; none depends on which others there are."""
        denoisers = tuple(viewed((view, self._asked(word)) for view, word in self._readings(pair)) for pair in pairs)
        denoisers[0].check(self.predictor.shape)  # they differ in words alone
        beside = SideBySide(denoisers)
        scheduler = make("scheduler", "ddim", steps=how.steps)
        numbers = tuple(range(how.first, how.first + how.samples)) * len(pairs)
        trajectory = Trajectory(
            Clipped(beside, self.predictor.clip) if self.predictor.clip else beside,
            scheduler,
            scheduler.plan(self.predictor.schedule),
            Noise(self.seed, numbers, self.predictor.shape, self.predictor.device),
            batch_size=ROWS,
            predictor=self.predictor,
        )
        images = trajectory.run().split(how.samples)
        return [self._read(pair, drawings) for pair, drawings in zip(pairs, images, strict=True)]

    def _drawn(self, pairs: Sequence[tuple[str, str]], how: Round) -> Iterator[Tally]:
        at_once = max(1, ROWS // (ROWS_OF_SAMPLE * how.samples))
        for start in range(0, len(pairs), at_once):
            yield from self.drawn(pairs[start : start + at_once], how)

    def _readings(self, pair: tuple[str, str]) -> tuple[tuple[View, str], ...]:
        return ((Upright(), pair[0]), (self.view, pair[1]))

    def _read(self, pair: tuple[str, str], images: Tensor) -> Tally:
        right, likely = [], images.new_zeros(len(images))
        clean = self.classifier.schedule.level(0, 0)
        for view, word in self._readings(pair):
            with torch.inference_mode():
                scores = self.reader.logits(view.apply(images), clean).float().log_softmax(1)
            label = self.classifier.label(word)
            right.append(scores.argmax(1) == label)
            likely += scores[:, label]
        a, b = right
        ups, downs, both = (int(one.sum()) for one in (a, b, a & b))
        return Tally(*pair, len(images), ups, downs, both, round(math.exp(float(likely.mean())), 6))

    def _asked(self, word: str) -> Denoiser:
        for prompt in (word, ""):
            if prompt not in self._conditions:
                self._conditions[prompt] = self.predictor.condition(prompt)
        positive, negative = (prompted(self.predictor, self._conditions[prompt]) for prompt in (word, ""))
        return guided(positive, negative, self.scale)
