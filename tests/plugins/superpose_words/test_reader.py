"""Words are read letter by letter, and told apart from every other word."""

import itertools

import pytest
import torch

from superpose import Classifier, ClassifierPredictor, PromptError, TableSchedule, make
from superpose.plugins import load_plugins
from superpose.search.reading import classifier_for
from superpose_words.reader import Reads, WordReader


class Pixels(ClassifierPredictor):
    """The logits of a letter are its own three pixels."""

    shape, device = (1, 1, 3), torch.device("cpu")

    def logits(self, x, level):
        return x.flatten(1)


class Letters(Classifier):
    kind = "pixels"
    shape, schedule, classes = (1, 1, 3), TableSchedule.named("cosine"), 3

    def label(self, prompt):
        if prompt not in "abc":
            raise PromptError(f"no letter {prompt!r}")
        return "abc".index(prompt)

    def load(self, device="cpu", dtype="float32"):
        return Pixels()


def test_a_word_is_told_from_the_likeliest_other():
    """Against every word of three letters out of three, spelled out."""
    x = torch.randn(50, 1, 1, 9, generator=torch.Generator().manual_seed(0)) * 3
    reader = Reads(Pixels(), 3, [(0, 1, 2)])
    found = reader.logits(x, None)
    likely = x.view(50, 3, 3).log_softmax(-1)
    words = itertools.product(range(3), repeat=3)
    every = {word: sum(likely[:, i, letter] for i, letter in enumerate(word)) for word in words}
    asked = every.pop((0, 1, 2))
    assert torch.allclose(found[:, 0], asked)
    assert torch.allclose(found[:, 1], torch.stack([*every.values()]).amax(0))
    assert 0 < int((found.argmax(1) == 0).sum()) < 50


def test_the_words_of_a_recipe_become_its_classes():
    reader = WordReader(letters=2, classifier=Letters()).among(["ab", "ca", "ab"])
    assert (reader.words, reader.classes, reader.label("ca"), reader.shape) == (("ab", "ca"), 3, 1, (1, 1, 6))
    assert [(kind.kind, letter) for kind, letter in reader.parts("ca")] == [("pixels", "c"), ("pixels", "a")]
    for word, told in (("abc", "words of 2 letters"), ("ad", "no letter 'd'")):
        with pytest.raises(PromptError, match=told):
            reader.among([word])
    with pytest.raises(PromptError, match="was told of ab, ca: 'bb'"):
        reader.label("bb")


def test_it_is_found_for_a_canvas_of_letters():
    found = classifier_for(load_plugins(), ["pod"], (3, 32, 96))
    assert (found.kind, found.letters, found.classifier) == ("word-reader", 3, make("classifier", "glyphs-classifier"))
    assert found.label("pod") == 0
