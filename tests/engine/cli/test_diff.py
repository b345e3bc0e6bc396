"""`superpose diff`: what differs between two images, recipes or runs."""

import numpy as np
import pytest
from PIL import Image

from made_images import forged
from superpose import replay
from superpose.cli import main
from superpose.media.comparison import GAP
from superpose.media.png import read_origin, write_png


def said(capsys, *arguments, code=0):
    assert main([str(argument) for argument in arguments]) == code
    return capsys.readouterr().out.splitlines()


class TestDiff:
    def test_images(self, folder, capsys):
        lines = said(capsys, "diff", folder / "a" / "0000.png", folder / "b" / "0001.png")
        assert lines[:3] == ['prompt: "A" -> "B"', "run.seed: 0 -> 3", "sample: 0 -> 1"]
        assert lines[3].startswith("0000.png and 0001.png: ")
        assert "of the pixels differ" in lines[3]

    def test_the_same(self, folder, tmp_path, capsys):
        image = folder / "a" / "0000.png"
        lines = said(capsys, "diff", image, replay(image, tmp_path, device="cpu"), "--exit-code")
        assert lines == ["the same recipe", "0000.png: the same pixels"]

    def test_a_recipe_and_the_image_that_it_made(self, folder, capsys):
        assert said(capsys, "diff", folder / "a.toml", folder / "a" / "0001.png", "--exit-code") == ["the same recipe"]

    def test_recipes_know_of_samples(self, folder, capsys):
        lines = said(capsys, "diff", folder / "a.toml", folder / "b" / "recipe.toml", "--exit-code", code=1)
        assert lines == ['prompt: "A" -> "B"', "run.samples: 2 -> 3", "run.seed: 0 -> 3"]

    def test_runs(self, folder, capsys):
        lines = said(capsys, "diff", folder / "a", folder / "b", "--exit-code", code=1)
        assert [line.split(":")[0] for line in lines[2:4]] == ["0000.png", "0001.png"]
        assert lines[4] == f"1 only in {folder / 'b'}, the first 0002.png"

    def test_what_they_were_made_with(self, folder, tmp_path, capsys):
        image = folder / "a" / "0000.png"
        other = forged(image, tmp_path / "other.png", versions={"superpose": "9"}, device="cuda")
        lines = said(capsys, "diff", image, other)
        assert 'versions.superpose: "0.1.0" -> "9"' in lines
        assert 'device: "cpu" -> "cuda"' in lines

    def test_pictures_side_by_side(self, folder, tmp_path, capsys):
        out = tmp_path / "apart.png"
        assert said(capsys, "diff", folder / "a", folder / "b", "--out", out)[-1] == str(out)
        with Image.open(out) as image, Image.open(folder / "b" / "0001.png") as mine:
            assert image.size == (3 * 32 + 2 * GAP, 2 * 32 + GAP)
            assert image.crop((32 + GAP, 32 + GAP, 64 + GAP, 64 + GAP)).tobytes() == mine.tobytes()

    def test_other_sizes_are_told(self, folder, tmp_path, capsys):
        small = tmp_path / "small.png"
        write_png(small, np.zeros((8, 16, 3), np.uint8), read_origin(folder / "a" / "0000.png"))
        lines = said(capsys, "diff", folder / "a" / "0000.png", small, "--exit-code", code=1)
        assert lines == ["the same recipe", "0000.png and small.png: 32x32 pixels and 16x8"]

    @pytest.mark.parametrize(
        ("name", "why"),
        [("empty", "neither images that superpose wrote are in it nor a recipe.toml"), ("none.png", "no such file")],
    )
    def test_what_is_neither(self, name, why, folder, tmp_path, capsys):
        (tmp_path / "empty").mkdir()
        assert main(["diff", str(folder / "a"), str(tmp_path / name)]) == 2
        assert why in capsys.readouterr().err
