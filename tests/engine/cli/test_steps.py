"""`superpose steps`: one PNG, of a name of its own, that replaces nothing."""

import numpy as np
from PIL import Image

from superpose import loads
from superpose.cli import main
from superpose.running.steps import filmstrip

TEXT = 'prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddim", steps = 6}\nrun = {seed = 3}\n'


def test_the_command_writes_one_png(tmp_path, capsys):
    recipe, out = tmp_path / "letter.toml", tmp_path / "strip.png"
    recipe.write_text(TEXT)
    command = ["steps", str(recipe), "--frames", "3", "--device", "cpu", "--out", str(out)]
    assert main(command) == 0
    assert capsys.readouterr().out.split() == [str(out)]
    with Image.open(out) as image:
        assert np.array_equal(np.asarray(image), filmstrip(loads(TEXT), frames=3))
    assert main(command) == 2
    assert "strip.png is there already" in capsys.readouterr().err
    assert main([*command[:-1], "strip.gif"]) == 2
    assert "a filmstrip is a PNG" in capsys.readouterr().err
