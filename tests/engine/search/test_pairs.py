"""The search over words: its intervals, its two rounds, its record and its map, on a network that is a formula."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
import torch

from superpose import (
    Classifier,
    ClassifierPredictor,
    Condition,
    LawError,
    Noise,
    NoisePredictor,
    Prediction,
    RunError,
    TableSchedule,
    View,
    make,
)
from superpose.search.pairs import Pairs, Round
from superpose.search.record import Record
from superpose.search.tally import ranked

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


FEW, MORE = Round(samples=2, steps=2), Round(samples=3, steps=2, first=2)


def test_a_pair_counts_once_where_the_view_undoes_itself() -> None:
    assert pairs(180).mirrored
    assert not pairs(90).mirrored
    assert len(pairs(180).of(WORDS)) == 6
    assert len(pairs(90).of(WORDS)) == 12
    assert attrs.evolve(pairs(180), itself=True).of(WORDS)[6:] == [(word, word) for word in WORDS]


def test_finds_what_reads_both_ways() -> None:
    found = list(pairs().search(WORDS, FEW, MORE, 2))
    first, second = [one for one in found if not one.refined], [one for one in found if one.refined]
    assert {(one.first, one.second) for one in first if one.share == 1} == {("left", "right"), ("top", "bottom")}
    assert {(one.first, one.second) for one in second} == {("left", "right"), ("top", "bottom")}
    assert {one.samples for one in first} == {2}
    assert {one.samples for one in second} == {3}
    quarter = {(one.first, one.second) for one in pairs(90).search(WORDS, FEW, MORE, 0) if one.share == 1}
    assert quarter == {("left", "bottom"), ("bottom", "right"), ("right", "top"), ("top", "left")}  # counter-clockwise


class Watched(Noise):
    """Noise that tells whose it is."""

    told: ClassVar[list[tuple[int, tuple[int, ...]]]] = []

    def draw(self, step: int, purpose: str = "step", law: Any = "normal") -> torch.Tensor:
        self.told.append((self.seed, tuple(self.samples)))
        return super().draw(step, purpose, law)


def test_the_second_round_has_noise_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("superpose.search.pairs.Noise", Watched)
    monkeypatch.setattr(Watched, "told", [])
    list(pairs().search(WORDS[:3], FEW, Round(samples=3, steps=7, first=2), 1))
    assert Watched.told == [(0, (0, 1) * 3), (0, (2, 3, 4))]


@attrs.frozen(kw_only=True)
class Longer(View):
    """Unlawful: twice the noise."""

    kind = "longer"

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    def invert(self, x: torch.Tensor) -> torch.Tensor:
        return x / 2


def test_a_view_that_is_no_view_is_refused() -> None:
    with pytest.raises(LawError, match="changes the length of white noise"):
        attrs.evolve(pairs(), view=Longer()).drawn([("left", "right")], FEW)


def test_pairs_side_by_side_are_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model, classifier = make("model", "glyphs"), make("classifier", "glyphs-classifier")
    search = Pairs(model.load(), classifier, classifier.load(), make("view", "rotate", degrees=180))
    three = [("p", "d"), ("A", "V"), ("x", "O")]
    many = search.drawn(three, Round(samples=2, steps=3))
    assert many == [search.drawn([pair], Round(samples=2, steps=3))[0] for pair in three]
    assert len({one.likely for one in many}) == 3
    seen = list[int]()
    monkeypatch.setattr(Pairs, "drawn", lambda _, some, how: (seen.append(len(some)), [])[1])
    assert list(search._drawn([("p", "d")] * 20, Round(samples=2, steps=3))) == []
    assert seen == [8, 8, 4]


def test_probabilities_order_equal_counts() -> None:
    tally = pairs().drawn([("left", "right")], FEW)[0]
    scores = HalvesReader().logits(2 * half("left") - half(""), None).log_softmax(1)[0, 0]  # guided by 2
    assert tally.likely == pytest.approx(float((2 * scores).exp()), rel=1e-4)
    sure, unsure = (attrs.evolve(tally, first=str(likely), likely=likely) for likely in (0.9, 0.2))
    anew = attrs.evolve(unsure, both_right=0, refined=True)
    assert ranked([unsure, sure]) == [sure, unsure]
    assert ranked([unsure, sure, anew]) == [anew, sure]


def test_what_was_found_is_not_drawn_again(tmp_path: Path) -> None:
    record, whole = Record(tmp_path, {"words": ["a"]}), list(pairs().search(WORDS, FEW, MORE, 2))
    assert record.read() == []
    for tally in whole[:4]:
        record.add(tally)
    with (tmp_path / "pairs.jsonl").open("a") as file:
        file.write('{"first": "cut')
    done = record.read()
    assert done == whole[:4]
    rest = list(pairs().search(WORDS, FEW, MORE, 2, done))
    assert [*done, *rest] == whole
    for tally in rest:
        record.add(tally)
    assert record.read() == whole
    record.write(whole)
    listed = json.loads((tmp_path / "pairs.json").read_text())
    with (tmp_path / "pairs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["first"] for row in rows] == [row["first"] for row in listed["pairs"]]
    assert len(rows) == 6
    assert (rows[0]["both_right"], rows[0]["samples"], rows[0]["refined"]) == ("3", "3", "True")
    with pytest.raises(RunError, match=r"another search, whose words was \['a'\]: give another --out"):
        Record(tmp_path, {"words": ["b"]}).read()
