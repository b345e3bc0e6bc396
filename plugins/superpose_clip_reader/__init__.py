"""CLIP as a reader of images, and as a loss: how well each goes with a text (arXiv 2103.00020)."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Classifier, Loss, hookimpl
from superpose_clip_reader.classifier import ClipReader
from superpose_clip_reader.loss import ClipLoss


@hookimpl
def register_classifiers(register: Callable[[type[Classifier]], type[Classifier]]) -> None:
    """Register the reader."""
    register(ClipReader)


@hookimpl
def register_losses(register: Callable[[type[Loss]], type[Loss]]) -> None:
    """Register the loss."""
    register(ClipLoss)
