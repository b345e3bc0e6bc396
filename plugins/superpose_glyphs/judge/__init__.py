"""What the embedded models reach, measured: ``python -m superpose_glyphs.judge`` and its ``codes``."""
