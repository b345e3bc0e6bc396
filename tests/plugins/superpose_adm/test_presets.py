"""What the public files do not tell."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

import superpose
from guided_runs import FIXTURES, A, model_of
from superpose import TableSchedule
from superpose_adm.presets import CLASSIFIERS, PRESETS, UPSCALERS, question


@pytest.mark.parametrize("preset", ["adm-64", "adm-128", "adm-256", "adm-256-uncond", "adm-512"])
def test_presets_answer_every_question(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    public = attrs.evolve(
        model_of(A).layout,  # type: ignore[attr-defined]
        widths=PRESETS[preset].widths,
        classes=None if preset.endswith("uncond") else 1000,
    )
    monkeypatch.setattr("superpose_adm.model.recognised", lambda *_: public)
    model = superpose.make("model", "guided-diffusion", path=FIXTURES / A / "model.pt", preset=preset)
    assert model.shape == (3, int(preset.split("-")[1]), int(preset.split("-")[1]))
    assert model.schedule == TableSchedule.named("cosine" if preset == "adm-64" else "linear")
    assert model.head_layout.order == ("new" if preset == "adm-64" else "legacy")


def test_sizes_are_those_of_the_published_names() -> None:
    for group in (PRESETS, UPSCALERS, CLASSIFIERS):
        for name, preset in group.items():
            assert preset.size == int(name.removesuffix("-uncond").split("-")[-1]), name
            assert str(preset.size) in preset.file or preset.file == "64_256_upsampler", name
            # The deepest level has 8 places a side; of what paints 512 pixels with the levels of 256, 16.
            assert preset.size >> (len(preset.widths) - 1) in (8, 16), name
            assert preset.widths == tuple(sorted(preset.widths)), name


def test_a_misfit_says_what_was_found() -> None:
    preset = PRESETS["adm-64"]
    assert preset.misfit(preset.widths, 1000) is None
    assert preset.misfit((192, 384), 1000) == (
        "its levels of (192, 384), not (192, 384, 576, 768): leave preset out, and write what it would say"
    )
    assert preset.misfit(preset.widths, None) == (
        "its classes None, not 1000: leave preset out, and write what it would say"
    )


def test_a_question_names_the_file_and_the_answer() -> None:
    assert str(question(Path("dir/model.pt"), "its size", "size")) == (
        "model.pt does not tell its size: give size, or a preset for a public file"
    )
