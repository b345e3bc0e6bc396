"""The search: few drawings of every pair, then more of the best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import attrs
import torch
from torch import Tensor

from superpose.estimate.classifier import Classifier, ClassifierPredictor
from superpose.estimate.denoiser import Denoiser, guided, prompted, viewed
from superpose.estimate.predictor import Condition, NoisePredictor
from superpose.estimate.view import View
from superpose.running.shortcuts import make, sample
from superpose.search.tally import Tally, ranked


@attrs.frozen
class Upright(View):
    """The image as it is."""

    kind = "upright"

    def apply(self, x: Tensor) -> Tensor:
        return x

    def invert(self, x: Tensor) -> Tensor:
        return x


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
    """

    predictor: NoisePredictor
    classifier: Classifier
    reader: ClassifierPredictor
    view: View
    scale: float = 5.0
    seed: int = 0
    _conditions: dict[str, Condition] = attrs.field(factory=dict, init=False)

    @property
    def mirrored(self) -> bool:
        """True where the view undoes itself, so that a pair and its reverse are one."""
        channels, height, width = self.predictor.shape
        x = torch.arange(channels * height * width, dtype=torch.float32).view(1, channels, height, width)
        return torch.equal(self.view.apply(self.view.apply(x)), x)

    def of(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """The pairs of different words that are to be drawn."""
        choose = itertools.combinations if self.mirrored else itertools.permutations
        return list(choose(words, 2))

    def search(
        self, words: Sequence[str], few: Round, more: Round, best: int, done: Sequence[Tally] = ()
    ) -> Iterator[Tally]:
        """Each pair's tally as it is found, but for those that are ``done``: all of the first round, then the best."""
        known = {(one.first, one.second, one.refined): one for one in done}
        pairs = self.of(words)
        for pair in pairs:
            if (*pair, False) not in known:
                known[*pair, False] = self.drawn(*pair, few)
                yield known[*pair, False]
        for one in ranked([known[*pair, False] for pair in pairs])[:best]:
            if (one.first, one.second, True) not in known:
                yield attrs.evolve(self.drawn(one.first, one.second, more), refined=True)

    def drawn(self, first: str, second: str, how: Round) -> Tally:
        """Readings of drawings of a pair."""
        readings = ((Upright(), first), (self.view, second))
        denoiser = viewed((view, self._asked(word)) for view, word in readings)
        numbers = range(how.first, how.first + how.samples)
        scheduler = make("scheduler", "ddim", steps=how.steps)
        images = sample(denoiser, scheduler, self.predictor, samples=numbers, seed=self.seed)
        right, likely = [], torch.zeros(how.samples)
        clean = self.classifier.schedule.level(0, 0)
        for view, word in readings:
            with torch.inference_mode():
                scores = self.reader.logits(view.apply(images), clean).float().log_softmax(1)
            label = self.classifier.label(word)
            right.append(scores.argmax(1) == label)
            likely += scores[:, label]
        a, b = right
        ups, downs, both = (int(one.sum()) for one in (a, b, a & b))
        return Tally(first, second, how.samples, ups, downs, both, round(math.exp(float(likely.mean())), 6))

    def _asked(self, word: str) -> Denoiser:
        for prompt in (word, ""):
            if prompt not in self._conditions:
                self._conditions[prompt] = self.predictor.condition(prompt)
        positive, negative = (prompted(self.predictor, self._conditions[prompt]) for prompt in (word, ""))
        return guided(positive, negative, self.scale)
