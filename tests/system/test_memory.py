"""Loading takes at most 1.1 times the memory of the weights, whatever family and file they are of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints import FAMILIES
from meter import Meter

#: Width of a checkpoint: a small one is measured first, then one of 60 MiB and more.
WIDTHS = {
    "ddpm": 12,
    "guided-diffusion": 6,
    "edm": 8,
    "deepfloyd": 6,
    "deepfloyd, its text encoder": 16,
    "stable-diffusion": 8,
    "ldm": 8,
    "dit": 14,
    "dit, a file of training": 14,
    "diffae": 8,
    "diffusers": 10,
}

#: The most that loading may take, in memory of the weights; how often one that takes more is measured again.
MOST, TRIES = 1.1, 5


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with Meter() as meter:
        yield meter


@pytest.mark.parametrize("family", WIDTHS)
def test_a_float32_file_is_read_as_either(tmp_path: Path, family: str, meter: Meter) -> None:
    make, wide, kind = FAMILIES[family], WIDTHS[family], family.partition(",")[0]
    (tmp_path / "small").mkdir()
    (tmp_path / "large").mkdir()
    small, large = make(tmp_path / "small", 2), make(tmp_path / "large", wide)
    stored = sum(file.stat().st_size for file in (tmp_path / "large").rglob("*.safetensors"))
    for dtype in ("float32", "bfloat16"):
        meter(kind, small, dtype)
        # diffusers maps whole files: used as they are where the dtype is theirs, else beside the weights.
        mapped = stored if family == "diffusers" and dtype == "bfloat16" else 0
        # What an allocator keeps, or a system pages in, adds to one loading or another; a copy of the weights to each.
        ratios = []
        while len(ratios) < TRIES and (not ratios or ratios[-1] > MOST):
            peak, weights = meter(kind, large, dtype)
            ratios.append((peak - mapped) / weights)
        assert ratios[-1] <= MOST, f"{dtype}: {ratios} times the {weights} bytes of the weights"
