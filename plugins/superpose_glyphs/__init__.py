"""The embedded models: small, really trained networks of glyphs and pictograms: every recipe runs on a laptop."""

from __future__ import annotations

from collections.abc import Callable

from superpose import hookimpl
from superpose_glyphs.classifier import GlyphsClassifier
from superpose_glyphs.diffae import GlyphsDiffae
from superpose_glyphs.latent import GlyphsLatent
from superpose_glyphs.model import Glyphs, GlyphsCascade, GlyphsMoved
from superpose_glyphs.pictograms import Pictograms, PictogramsClassifier


@hookimpl
def register_models(register: Callable[[type], None]) -> None:
    """Register the embedded models."""
    register(Glyphs)
    register(GlyphsMoved)
    register(GlyphsCascade)
    register(GlyphsLatent)
    register(GlyphsDiffae)
    register(Pictograms)


@hookimpl
def register_classifiers(register: Callable[[type], None]) -> None:
    """Register the embedded classifiers."""
    register(GlyphsClassifier)
    register(PictogramsClassifier)
