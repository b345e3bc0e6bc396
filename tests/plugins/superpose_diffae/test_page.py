"""What docs/models/diffae.md shows runs, with the fixtures standing for the published files."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from superpose.cli import main

ROOT = Path(__file__).parents[3]
LATENT = ROOT / "tests" / "fixtures" / "da_b_latent"
TEXT = (ROOT / "docs" / "models" / "diffae.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with the files of which the page speaks."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for name in ("ffhq256_autoenc", "ffhq256_autoenc_latent"):
        Path(name).mkdir()
        shutil.copy(LATENT / "last.ckpt", Path(name, "last.ckpt"))
    shutil.copy(LATENT / "latent.pkl", "ffhq256_autoenc/latent.pkl")
    Path("ffhq256_autoenc_cls").mkdir()
    state = {"classifier.weight": torch.randn(40, 20), "classifier.bias": torch.zeros(40)}
    torch.save({"state_dict": state}, "ffhq256_autoenc_cls/last.ckpt")
    Path("images").mkdir()
    for name in ("me.png", "you.png", *(f"images/{i}.png" for i in range(8))):
        Image.fromarray(random.integers(0, 255, (16, 16, 3), np.uint8)).save(name)
    Path("labels.csv").write_text("file,Round,Dark\n" + "".join(f"images/{i}.png,{i % 2},{i // 4}\n" for i in range(8)))
    return tmp_path


@pytest.mark.parametrize("number", range(len(blocks("toml"))))
def test_recipes(home, number):
    recipe = home / "recipe.toml"
    recipe.write_text(blocks("toml")[number] + '\n[scheduler]\nkind = "ddim"\nsteps = 2\n')
    assert main(["check", str(recipe)]) == 0
    assert main(["run", str(recipe), "--out", str(home / "out")]) == 0
    assert (home / "out" / "0000.png").exists()


def test_python(home, capsys):
    [block] = blocks("py")
    exec(compile(block, "diffae.md", "exec"), {"__name__": "example"})
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {"Round", "Dark"}
    recipe = home / "own.toml"
    codes = '[[model.code]]\nname = "rounder"\nimage = "me.png"\nattribute = "Round"\n'
    model = 'kind = "diffae"\npath = "ffhq256_autoenc/last.ckpt"\nclassifier = "mine.safetensors"\n'
    recipe.write_text(f'prompt = "rounder"\n[model]\n{model}{codes}[scheduler]\nkind = "ddim"\nsteps = 2\n')
    assert main(["run", str(recipe), "--out", str(home / "own")]) == 0
