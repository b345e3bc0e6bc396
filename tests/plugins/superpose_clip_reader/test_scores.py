"""CLIP as a reader, held to transformers' own model on a small random checkpoint."""

import numpy as np
import pytest
import torch

from made_runs import made_run
from superpose.cli import main
from superpose.search.scores import read_scores
from tiny_clip import wanted, written

VIEWS = """[model]
kind = "pictograms"
[scheduler]
kind = "ddim"
steps = 2
[[view]]
kind = "identity"
prompt = "cat"
[[view]]
kind = "rotate"
degrees = 180
prompt = "dog"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("clip"))


def test_scores_are_those_of_visual_anagrams(folder, tmp_path, capsys):
    out = tmp_path / "run"
    pixels = made_run(out, VIEWS, count=6, side=32)
    assert main(["score", str(out), "--classifier", "clip-reader", "--option", f"path={folder}"]) == 0
    said = capsys.readouterr().out
    images = torch.from_numpy(np.asarray(pixels) / 127.5 - 1).float().permute(0, 3, 1, 2)
    rows = [wanted(folder, view, ["cat", "dog"]) for view in (images, images.flip(2, 3))]
    matrix, scale = torch.stack([logits for logits, _ in rows], 1), rows[0][1]  # (N, views, prompts)
    alignment = (matrix / scale).diagonal(dim1=1, dim2=2).min(-1).values
    both = (matrix.softmax(1) + matrix.softmax(2)) / 2
    concealment = both.diagonal(dim1=1, dim2=2).mean(-1)
    scores = read_scores(out)
    found = [scores.images[f"{k:04}.png"] for k in range(6)]
    assert [score.alignment for score in found] == pytest.approx(alignment.tolist(), abs=1e-4)
    assert [score.concealment for score in found] == pytest.approx(concealment.tolist(), abs=1e-4)
    figures = scores.summary["alignment"]
    assert figures["q0.9"] == pytest.approx(np.quantile(alignment, 0.9), abs=1e-4)
    assert figures["q0.95"] == pytest.approx(np.quantile(alignment, 0.95), abs=1e-4)
    assert "read by clip-reader, 6 samples" in said


def test_it_guides_nothing(folder, tmp_path, capsys):
    recipe = tmp_path / "a.toml"
    guidance = (
        f'[guidance]\nkind = "classifier"\nclassifier = {{kind = "clip-reader", path = "{folder}", texts = ["A"]}}'
    )
    head = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'
    recipe.write_text(f'prompt = "A"\n{head}{guidance}\n')
    assert main(["check", str(recipe)]) == 2
    assert "noise" in capsys.readouterr().err
