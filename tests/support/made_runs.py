"""Folders of runs that nobody sampled: random pixels with a true origin inside, as many as a test wants."""

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from superpose import dumps, loads
from superpose.media.png import CHUNK, Origin
from superpose.media.word_maps import ShownWord, WordMaps
from superpose.running.album import hashes_of
from superpose.search.scores import Score, Scores

HEAD = '[model]\nkind = "pictograms"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
VIEWS = HEAD + "".join(
    f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n{more}'
    for kind, prompt, more in (
        ("identity", "cat", ""),
        ("rotate", "dog", "degrees = 90\n"),
        ("jigsaw", "house", "pieces = 4\n"),
        ("negate", "heart", ""),
    )
)


def pixels_of(count, side=64, *, noise=False):
    """Random pictures, (N, H, W, 3), unlike each other: of blocks of pixels, or noise that can't be packed."""
    block = 1 if noise else side // 16
    small = np.random.default_rng(0).integers(0, 256, (count, side // block, side // block, 3), np.uint8)
    return small.repeat(block, 1).repeat(block, 2)


def made_run(folder, text=VIEWS, count=4, *, comment="", **options):
    """Write the images of a recipe into a folder, and return their pixels."""
    folder.mkdir(parents=True)
    recipe = comment + dumps(loads(text))
    pixels = pixels_of(count, **options)
    for number, each in enumerate(pixels):
        origin = Origin(recipe, number, {"superpose": "0.1.0"}, {"net": "ab" * 32}, "cpu")
        info = PngInfo()
        info.add_itxt(CHUNK, origin.to_json())
        Image.fromarray(each).save(folder / f"{number:04}.png", pnginfo=info)  # not put on the disk, as a run's are
    return pixels


def scored(folder, alignments, readings=4):
    """Write scores beside the images: those of 0.5 and more are right every way."""
    images = sorted(folder.glob("0*.png"))
    scores = {
        path.name: Score(value, 1 - value / 2, (value >= 0.5,) * readings, (value,) * readings)
        for path, value in zip(images, alignments, strict=True)
    }
    Scores("reader", {"kind": "reader"}, {}, ("cat",) * readings, scores, hashes_of(images)).write(folder)


def mapped(folder, count=4, words=("cat", "house"), steps=3):
    """Write attention maps beside the first images, each map of one value of its own; returns them by their names."""
    images = sorted(folder.glob("0*.png"))[:count]
    values = np.arange(1, 1 + count * len(words) * steps, dtype=np.uint8) * 7
    maps = values.reshape(count, len(words), steps, 1, 1).repeat(8, 3).repeat(8, 4)
    found = {path.name: each for path, each in zip(images, maps, strict=True)}
    names = tuple(f"step {step}" for step in range(steps))
    WordMaps(tuple(ShownWord(word, word) for word in words), names, found, hashes_of(images)).write(folder)
    return found
