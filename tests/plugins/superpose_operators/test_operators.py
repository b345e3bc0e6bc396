"""Every operator keeps the laws."""

import numpy as np
import pytest
from PIL import Image

from problems import told
from superpose import make
from superpose.plugins import load_plugins
from superpose.testing import check_operator, variants

KINDS = load_plugins().kinds("operator")
SIZES = [(3, 16, 16), (3, 24, 40), (1, 8, 8), (3, 9, 15)]


def told_a_file(folder, kind):
    """An operator that must be told a file, or other operators."""
    rng = np.random.default_rng(0)
    if kind == "mask":
        pixels = np.zeros((16, 16), np.uint8)
        pixels[4:, 5:] = 255
        Image.fromarray(pixels).save(folder / "mask.png")
        return make("operator", kind, mask=folder / "mask.png")
    if kind == "chain":
        inner = (make("operator", "random-mask", share=0.7), make("operator", "grey"))
        return make("operator", kind, operators=(*inner, make("operator", "block-average", factor=2)))
    array = rng.normal(size=(5, 3)) if kind == "kernel-blur" else rng.normal(size=(20, 3, 16, 16))
    np.save(folder / "array.npy", array)
    return make("operator", kind, **{kind.partition("-")[0]: folder / "array.npy"})


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_laws(kind, tmp_path):
    instances = variants(KINDS[kind]) or [told_a_file(tmp_path, kind)]
    for operator in instances:
        accepted = [size for size in SIZES if not told(operator, size)]
        assert accepted or operator != instances[0]
        for size in accepted:
            check_operator(operator, *size)
