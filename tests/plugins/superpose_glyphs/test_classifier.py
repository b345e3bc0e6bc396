"""The embedded classifier: what its prompts mean, that its rows are apart, and that steering leads where it should."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from superpose import Condition, Guidance, PromptError, RecipeError, StaticClip, make, model, sample
from superpose_glyphs.classifier import GlyphsClassifier
from superpose_glyphs.vocabulary import GLYPHS


def test_prompts_name_classes_in_any_style() -> None:
    classifier = GlyphsClassifier()
    assert classifier.classes == len(GLYPHS)
    for prompt in ("R", "colour R", "color R"):
        assert classifier.label(prompt) == GLYPHS.index("R")
    with pytest.raises(PromptError, match="classifier 'glyphs-classifier': unknown prompt 'RR'"):
        classifier.label("RR")


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"path: .* has no classes\.json"):
        GlyphsClassifier(path=tmp_path).weights()


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    predictor = GlyphsClassifier().load()
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    level, label = GlyphsClassifier().schedule.level(0, 400), torch.tensor([3, 1, 4, 1])
    want = predictor.predict(x, level, {"label": label}).output
    for order in ([1, 0, 2, 3], [3, 2, 1, 0], [0, 0, 0, 2]):
        got = predictor.predict(x[order], level, {"label": label[order]}).output
        assert torch.equal(got, want[order]), order


def test_steers_a_network_without_a_prompt_to_the_class() -> None:
    glyphs = model("glyphs")
    base = make("guidance", "cfg", scale=0.0)
    guidance: Guidance = make(
        "guidance", "classifier", classifier=GlyphsClassifier(), scale=120.0, keep=True, base=base
    )
    denoiser = guidance.denoiser(glyphs, Condition("R", glyphs.condition("R").tensors), glyphs.condition(""))
    images = sample(denoiser, make("scheduler", "ddim", steps=12), glyphs, samples=4)
    assert StaticClip().apply(images).equal(images), "keep left the range of images"
    read = GlyphsClassifier().load().logits(images, GlyphsClassifier().schedule.level(0, 0)).argmax(1)
    assert [GLYPHS[i].upper() for i in read].count("R") >= 3
