"""Words: letters beside each other on one canvas, each painted by a network of letters, and what reads them."""

from __future__ import annotations

from collections.abc import Callable

from superpose import hookimpl
from superpose_words.model import Word
from superpose_words.reader import WordReader


@hookimpl
def register_models(register: Callable[[type], None]) -> None:
    """Register the model of words."""
    register(Word)


@hookimpl
def register_classifiers(register: Callable[[type], None]) -> None:
    """Register the classifier of words."""
    register(WordReader)
