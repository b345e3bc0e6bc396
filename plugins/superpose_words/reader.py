r"""Reading words letter by letter, by a classifier of letters.

The logarithm of a word's probability is the sum of its letters',

.. math:: \log p(w | x) = \sum_i \log p(w_i | x_i)

and what a word is told apart from is the likeliest other one, whatever its letters, so that a word is read right
where each of its letters is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Classifier, ClassifierPredictor, PromptError, option
from superpose_words.columns import apart, wide
from superpose_words.model import LONGEST

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Backend, NoiseLevel, Schedule, Shape


@attrs.frozen(kw_only=True)
class WordReader(Classifier):
    """Reads words letter by letter, by a classifier of letters; ``superpose score`` finds it for a recipe of words.

    Its classes are the prompts of the recipe, and any other word.
    """

    kind = "word-reader"
    letters: int = option(4, doc="letters of a word", ge=1, le=LONGEST)
    classifier: Classifier = option(doc="what reads a letter: a table with its kind")
    words: tuple[str, ...] = option((), doc="what images are told apart by; the prompts of the recipe that is scored")

    @classmethod
    def reading(cls, shape: Shape, others: Sequence[Classifier]) -> Iterator[WordReader]:
        """Readers of images as wide as some letters, by each classifier of letters."""
        for other in others:
            letters, rest = divmod(shape[2], other.shape[2])
            if not rest and 1 < letters <= LONGEST and shape == wide(other.shape, letters):
                yield cls(letters=letters, classifier=other)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, n W)."""
        return wide(self.classifier.shape, self.letters)

    @property
    def schedule(self) -> Schedule:
        """That of the letters."""
        return self.classifier.schedule

    @property
    def classes(self) -> int:
        """Number of words, and one for any other."""
        return len(self.words) + 1

    def parts(self, prompt: str) -> tuple[tuple[Classifier, str], ...]:
        """The letters of a word, each with its classifier."""
        return tuple((self.classifier, letter) for letter in prompt)

    def label(self, prompt: str) -> int:
        """The place of a word.

        Raises:
            PromptError: It is not among them.
        """
        if prompt not in self.words:
            known = ", ".join(self.words) or "no words"
            raise PromptError(f"classifier {self.kind!r} was told of {known}: {prompt!r}")
        return self.words.index(prompt)

    def among(self, prompts: Sequence[str]) -> WordReader:
        """The same, asked for these words beside its own, each once."""
        for word in prompts:
            if len(word) != self.letters:
                raise PromptError(f"classifier {self.kind!r} reads words of {self.letters} letters: {word!r}")
            for letter in word:
                self.classifier.label(letter)
        return attrs.evolve(self, words=tuple(dict.fromkeys((*self.words, *prompts))))

    def load(self, device: str = "cpu", dtype: str = "float32") -> ClassifierPredictor:
        """Read the weights of what reads letters."""
        spelled = [[self.classifier.label(letter) for letter in word] for word in self.words]
        return Reads(self.classifier.load(device, dtype), self.letters, spelled)

    def weights(self) -> dict[str, str]:
        """Those of what reads letters."""
        return self.classifier.weights()


class Reads(ClassifierPredictor):
    """The classifier of letters, asked about every column at once.

    Arguments:
        letter: Reads a letter.
        letters: Of a word.
        spelled: Labels of the letters of each word.
    """

    def __init__(self, letter: ClassifierPredictor, letters: int, spelled: Sequence[Sequence[int]]) -> None:
        import torch

        self.letter, self.letters = letter, letters
        self.shape, self.device, self.differentiable = wide(letter.shape, letters), letter.device, letter.differentiable
        self.spelled = torch.tensor([*map(list, spelled)], dtype=torch.long, device=self.device).view(-1, letters)

    def compile(self, backend: Backend = "inductor") -> bool:
        """Compile what reads letters."""
        return self.letter.compile(backend)

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """Logarithms of the probabilities of the words, and of the likeliest but the best of them."""
        import torch

        likely = self.letter.logits(apart(x, self.letters), level).log_softmax(-1).unflatten(0, (-1, self.letters))
        asked = likely.movedim(0, -1)  # (letters, classes, N): the columns first
        places = torch.arange(self.letters, device=self.device)
        words = asked[places, self.spelled].sum(1).mT if len(self.spelled) else likely.new_empty(len(likely), 0)
        (first, second), labels = likely.topk(2).values.unbind(-1), likely.argmax(-1)
        best = first.sum(-1)
        known = (labels[:, None] == self.spelled).all(-1).any(-1)
        # Beside a word that is known the likeliest other one differs in the letter that is least sure.
        other = torch.where(known, best - (first - second).amin(-1), best)
        return torch.cat([words, other[:, None]], 1)
