"""Projects that `superpose new plugin` writes, whose tests pass as they stand. Light to import."""

from __future__ import annotations

#: What a new plugin may be, and what the example that it starts with does.
EXAMPLES = {
    "view": "shows the image moved sideways",
    "decomposition": "shows one thing on the left of the image and another on the right",
    "guidance": "guides between two noise levels, and nowhere else",
    "clip": "makes images that are too loud softer as a whole",
    "classifier": "tells dark images from bright ones, and has no weights",
    "operator": "sees one column of the image in four",
    "loss": "wants an image to be as bright on its left as on its right",
    "renderer": "draws a picture as a sum of a few soft spots",
    "constraint": "keeps the image at a given brightness",
    "population": "carries several particles a sample and copies the bright ones",
    "medium": "writes the image as letters, too, dark ones where it is dark",
    "executor": "carries out the jobs of a sweep in threads",
    "scheduler": "moves in one straight line from each noise level to the next",
    "model": "makes images of one colour, and has no weights",
}
