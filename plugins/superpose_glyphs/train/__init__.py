"""How the embedded models are trained: ``python -m superpose_glyphs.train NAME``."""
