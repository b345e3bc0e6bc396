"""What a sheet shows is a reading as plugins are promised it."""

import torch

from superpose import Reading, loads
from superpose.media.sheet import readings

TEXT = """[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
[[view]]
kind = "rotate"
degrees = 180
prompt = "A"
"""


def test_a_recipe_has_readings():
    [reading] = readings(loads(TEXT).subject)
    promised = {name for name in vars(Reading) if not name.startswith("_")}
    assert promised == {"prompt", "show"}
    assert all(hasattr(reading, name) for name in promised)
    images = torch.rand(2, 3, 4, 4)
    assert reading.prompt == "A"
    assert torch.equal(reading.show(images), images.flip(2, 3))
