"""Outlines: what is black, and no more, between the first and last pixel of it."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from superpose import RecipeError
from superpose.media.outlines import need_tracer, outlines

SPACE = "{http://www.w3.org/2000/svg}"


def test_a_ring_has_an_outline_and_a_hole():
    pytest.importorskip("vtracer")
    pixels = np.full((60, 100), 255, np.uint8)
    pixels[10:50, 20:70] = 0
    pixels[20:40, 30:60] = 255
    root = ET.fromstring(outlines(pixels, "o < x"))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("100", "60", "0 0 100 60")
    assert root.find(f"{SPACE}title").text == "o < x"
    [path] = root.findall(f"{SPACE}path")
    assert path.get("d").count("M") == 2
    x, y = map(float, re.findall(r"[-\d.]+", path.get("transform")))
    numbers = np.array(re.findall(r"-?\d+\.?\d*", path.get("d")), float).reshape(-1, 2) + np.array([x, y])
    assert np.abs(numbers.min(0) - (20, 10)).max() <= 1.5
    assert np.abs(numbers.max(0) - (70, 50)).max() <= 1.5


def test_without_the_tracer_it_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setattr("superpose.media.outlines.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"pip install 'superpose\[outlines\]'"):
        need_tracer()
