"""The embedded models: small networks of glyphs, pictograms and sounds, with which every recipe runs on a laptop."""

from __future__ import annotations

from collections.abc import Callable

from superpose import hookimpl
from superpose_glyphs.classifier import GlyphsClassifier
from superpose_glyphs.diffae import GlyphsDiffae
from superpose_glyphs.edit import GlyphsEdit
from superpose_glyphs.latent import GlyphsLatent
from superpose_glyphs.model import Glyphs, GlyphsCascade, GlyphsMoved
from superpose_glyphs.pictograms import Pictograms, PictogramsClassifier
from superpose_glyphs.sounds import Sounds, SoundsClassifier


@hookimpl
def register_models(register: Callable[[type], None]) -> None:
    """Register the embedded models."""
    register(Glyphs)
    register(GlyphsMoved)
    register(GlyphsCascade)
    register(GlyphsLatent)
    register(GlyphsDiffae)
    register(GlyphsEdit)
    register(Pictograms)
    register(Sounds)


@hookimpl
def register_classifiers(register: Callable[[type], None]) -> None:
    """Register the embedded classifiers."""
    register(GlyphsClassifier)
    register(PictogramsClassifier)
    register(SoundsClassifier)
