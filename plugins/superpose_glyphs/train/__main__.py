"""The command ``python -m superpose_glyphs.train``."""

from superpose_glyphs.train.run import main

if __name__ == "__main__":
    main()
