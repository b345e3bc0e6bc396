"""Measures of the embedded models: ``python -m superpose_glyphs.judge`` and its ``codes``."""
