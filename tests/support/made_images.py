"""Images as superpose writes them, without sampling: any pixels, with a recipe inside."""

import attrs
import numpy as np
from PIL import Image

from superpose.media.png import Origin, read_origin, write_png

#: A recipe but for what it shows.
HEAD = 'model = {kind = "glyphs"}\nscheduler = {kind = "ddim", steps = 2}\n'
#: A recipe of a network that is not on this machine.
ELSEWHERE = 'model = {kind = "guided-diffusion", path = "large.pt"}\nscheduler = {kind = "ddim", steps = 2}\n'
#: An image and its negative.
NEGATE = '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "negate"\nprompt = "B"\n'


def pixels(height=16, width=16, channels=3, seed=0):
    """Pixels of few colours, such that an image is none of its readings."""
    return np.random.default_rng(seed).choice([0, 60, 255], (height, width, channels)).astype(np.uint8)


def made(path, shows=NEGATE, values=None, head=HEAD, **pictures):
    """Write an image that a recipe could have made; ``pictures`` travel inside. Returns its pixels."""
    values = pixels() if values is None else values
    write_png(path, values, Origin(head + shows, 0, {}, {}, "cpu", pictures))
    return values


def forged(path, to, **changes):
    """The image with another origin inside."""
    with Image.open(path) as image:
        write_png(to, np.asarray(image), attrs.evolve(read_origin(path), **changes))
    return to
