"""The model of spectrograms and its classifier: what they are told, and that one reads what the other draws."""

from __future__ import annotations

import pytest
import torch

from superpose import PromptError, guided, make, prompted, sample
from superpose_glyphs.model import prompts_of
from superpose_glyphs.sounds import WORDS, Sounds, SoundsClassifier
from superpose_sounds.synthesis import SOUNDS


def test_its_words_are_those_that_can_be_synthesised() -> None:
    assert tuple(SOUNDS) == WORDS
    assert prompts_of(Sounds().folder) == (*WORDS, "")
    assert SoundsClassifier().names == WORDS


def test_a_word_that_is_none_of_them_is_refused() -> None:
    assert [str(problem) for problem in Sounds().prompt_problems("bells")] == [
        "unknown prompt 'bells'; nearest: 'bell', 'bird', 'siren'"
    ]
    with pytest.raises(PromptError, match="classifier 'sounds-classifier': unknown prompt 'cat'"):
        SoundsClassifier().label("cat")


def test_what_it_draws_is_read() -> None:
    predictor, classifier = Sounds().load(), SoundsClassifier()
    words = ("alarm", "siren", "rain", "drum", "organ")
    denoisers = [guided(prompted(predictor, word), prompted(predictor, ""), 3.0) for word in words]
    scheduler = make("scheduler", "ddim", steps=8)
    images = torch.cat([sample(denoiser, scheduler, predictor, samples=2) for denoiser in denoisers])
    read = classifier.load().logits(images, classifier.schedule.level(0, 0)).argmax(1).tolist()
    assert sum(classifier.names[one] == words[i // 2] for i, one in enumerate(read)) >= 8
    assert float((images.amax(1) - images.amin(1)).mean()) < 0.1  # grey
