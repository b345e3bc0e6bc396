"""`superpose pairs`: a search that goes on, and mistakes that are told before it begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

from superpose import (
    Classifier,
    ClassifierPredictor,
    Condition,
    NoisePredictor,
    Prediction,
    TableSchedule,
    make,
)
from superpose.cli import main
from superpose.search.pairs import Pairs

#: Halves of an image that are dark. Turned upside down, left is right and top is bottom.
HALVES = {"left": (slice(None), slice(0, 4)), "right": (slice(None), slice(4, 8))}
HALVES |= {"top": (slice(0, 4), slice(None)), "bottom": (slice(4, 8), slice(None))}
WORDS = tuple(HALVES)


def half(word: str) -> torch.Tensor:
    image = torch.ones(1, 1, 8, 8)
    if word:
        image[0, 0][HALVES[word]] = -1
    return image


class Halves(NoisePredictor):
    """Sure of the half that it is told."""

    parameterization = "sample"
    shape, device, schedule = (1, 8, 8), torch.device("cpu"), TableSchedule.named("cosine")

    def condition(self, prompt: str) -> Condition:
        return Condition(prompt, {"image": half(prompt)})

    def predict(self, x: Any, level: Any, conditioning: Any) -> Prediction:
        return Prediction(conditioning["image"].expand_as(x))


class HalvesReader(ClassifierPredictor):
    """Reads the half that is dark; a fifth class is that no half is, altogether."""

    shape, device = (1, 8, 8), torch.device("cpu")

    def logits(self, x: torch.Tensor, level: Any) -> torch.Tensor:
        likeness = (x * torch.cat([half(word) for word in WORDS])[None, :, 0]).sum((2, 3)) / 80
        return torch.cat((likeness, torch.full((len(x), 1), 1.2)), 1)


@attrs.frozen(kw_only=True)
class HalvesClassifier(Classifier):
    kind = "halves"
    shape, classes, schedule = (1, 8, 8), 5, TableSchedule.named("cosine")  # type: ignore[assignment]

    def label(self, prompt: str) -> int:
        return WORDS.index(prompt)

    def load(self, device: str = "cpu", dtype: str = "float32") -> ClassifierPredictor:
        return HalvesReader()


def pairs(degrees: int = 180) -> Pairs:
    return Pairs(Halves(), HalvesClassifier(), HalvesReader(), make("view", "rotate", degrees=degrees), scale=2.0)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["pairs", "glyphs", "--classifier", "glyphs-classifier", "--out", str(tmp_path)]
    numbers = ["--steps", "2", "--samples", "1", "--best", "1", "--more-steps", "2", "--more-samples", "2"]
    assert main([*options, "--view", "rotate:180", "--words", "p,d,x", *numbers]) == 0
    assert [Path(line).name for line in capsys.readouterr().out.split()] == ["pairs.csv", "pairs.json", "pairs.png"]
    listed = json.loads((tmp_path / "pairs.json").read_text())
    assert len(listed["pairs"]) == 3
    assert set(listed["weights"]) == {"glyphs", "glyphs-classifier"}
    before = (tmp_path / "pairs.jsonl").read_text()
    assert main([*options, "--view", "rotate:180", "--words", "p,d,x", *numbers]) == 0
    assert (tmp_path / "pairs.jsonl").read_text() == before


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (["--words", "p"], "--words: 'p' gives 1 words"),
        (["--words", "p,pp"], "unknown prompt 'pp'"),
        (["--view", "rotate:450"], "--view: must be less than 360, got 450"),
        (["--view", "rotate:half"], "--view: degrees of 'rotate' is a whole number or a number, got 'half'"),
        (["--view", "identity:3"], "--view: 'identity' has no option: leave out '3'"),
        (["--view", "rotat:180"], "did you mean 'rotate'"),
        (["--classifier", "pictograms-classifier"], "reads images of (3, 64, 64), not of (3, 32, 32)"),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(
    wrong: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["pairs", "glyphs", "--classifier", "glyphs-classifier", "--view", "rotate:180", "--words", "p,d"]
    assert main([*options, "--out", str(tmp_path / "out"), *wrong]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
