"""Training of the embedded models: ``python -m superpose_glyphs.train NAME``."""
