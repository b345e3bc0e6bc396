"""`superpose maps`: one PNG, of a name of its own, that replaces nothing."""

import numpy as np
from PIL import Image

from superpose import loads
from superpose.cli import main
from superpose.media.word_maps import read_maps
from superpose.running.maps import maps

TEXT = 'prompt = "bold A"\nmodel = {kind = "glyphs-ldm"}\nscheduler = {kind = "ddim", steps = 3}\nrun = {seed = 3}\n'


def test_the_command_writes_one_png(tmp_path, capsys):
    recipe, out = tmp_path / "letter.toml", tmp_path / "maps.png"
    recipe.write_text(TEXT)
    command = ["maps", str(recipe), "--words", "A", "--frames", "2", "--device", "cpu", "--out", str(out)]
    assert main(command) == 0
    assert capsys.readouterr().out.split() == [str(out)]
    with Image.open(out) as image:
        assert np.array_equal(np.asarray(image), maps(loads(TEXT), ["A"], frames=2))
    assert main(command) == 2
    assert "maps.png is there already" in capsys.readouterr().err
    assert main([*command[:-1], "maps.gif"]) == 2
    assert "maps are a PNG" in capsys.readouterr().err


def test_maps_of_a_run_lie_in_its_folder(tmp_path, capsys):
    recipe, out = tmp_path / "letter.toml", tmp_path / "run"
    recipe.write_text(TEXT)
    assert main(["run", str(recipe), "--out", str(out), "--device", "cpu"]) == 0
    capsys.readouterr()
    assert main(["maps", str(out), "--words", "A", "--frames", "2", "--device", "cpu"]) == 0
    assert capsys.readouterr().out.split() == [str(out / "maps.json"), str(out / "sheet.png")]
    assert [tuple(one) for one in read_maps(out).words] == [("A", "bold A")]
    assert main(["maps", str(out), "--seed", "4"]) == 2
    assert "maps of a run are of its images as they are" in capsys.readouterr().err
