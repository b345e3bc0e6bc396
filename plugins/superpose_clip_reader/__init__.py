"""CLIP as a reader of images: how well each goes with a text (arXiv 2103.00020)."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Classifier, hookimpl
from superpose_clip_reader.classifier import ClipReader


@hookimpl
def register_classifiers(register: Callable[[type[Classifier]], type[Classifier]]) -> None:
    """Register the reader."""
    register(ClipReader)
