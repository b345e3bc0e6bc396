"""Loading takes at most 1.1 times the memory of the weights, whatever family and file they are of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import checkpoints
from meter import Meter

#: What makes a checkpoint, and its width: a small one is measured first, then one of 60 MiB and more.
FAMILIES = {
    "ddpm": (checkpoints.ddpm, 12),
    "guided-diffusion": (checkpoints.adm, 6),
    "edm": (checkpoints.edm, 8),
    "deepfloyd": (checkpoints.deepfloyd, 6),
    "deepfloyd, its text encoder": (checkpoints.deepfloyd_with_text, 16),
    "stable-diffusion": (checkpoints.stable_diffusion, 8),
    "ldm": (checkpoints.compvis, 8),
    "dit": (checkpoints.dit, 14),
    "dit, a file of training": (checkpoints.paper_dit, 14),
    "diffae": (checkpoints.diffae, 6),
    "diffusers": (checkpoints.stable_diffusion, 10),
}


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with Meter() as meter:
        yield meter


@pytest.mark.parametrize("family", FAMILIES)
def test_a_float32_file_is_read_as_either(tmp_path: Path, family: str, meter: Meter) -> None:
    (make, wide), kind = FAMILIES[family], family.partition(",")[0]
    (tmp_path / "small").mkdir()
    (tmp_path / "large").mkdir()
    small, large = make(tmp_path / "small", 2), make(tmp_path / "large", wide)
    stored = sum(file.stat().st_size for file in (tmp_path / "large").rglob("*.safetensors"))
    for dtype in ("float32", "bfloat16"):
        meter(kind, small, dtype)
        peak, weights = meter(kind, large, dtype)
        # diffusers maps whole files: used as they are where the dtype is theirs, else beside the weights.
        mapped = stored if family == "diffusers" and dtype == "bfloat16" else 0
        assert peak <= 1.1 * weights + mapped, f"{dtype}: {peak / weights:.2f} times the {weights} bytes of the weights"
