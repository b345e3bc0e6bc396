"""The embedded models: small, really trained networks of glyphs, so that every recipe runs on a laptop in seconds."""

from __future__ import annotations

from collections.abc import Callable

from superpose import hookimpl
from superpose_glyphs.classifier import GlyphsClassifier
from superpose_glyphs.diffae import GlyphsDiffae
from superpose_glyphs.latent import GlyphsLatent
from superpose_glyphs.model import Glyphs, GlyphsCascade


@hookimpl
def register_models(register: Callable[[type], None]) -> None:
    """Register the embedded models."""
    register(Glyphs)
    register(GlyphsCascade)
    register(GlyphsLatent)
    register(GlyphsDiffae)


@hookimpl
def register_classifiers(register: Callable[[type], None]) -> None:
    """Register the embedded classifier."""
    register(GlyphsClassifier)
