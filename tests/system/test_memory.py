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
        # Twice, for what an allocator happens to keep adds to one of them; a copy of the weights would add to both.
        peak, weights = min(meter(kind, large, dtype) for _ in range(2))
        # diffusers maps whole files: used as they are where the dtype is theirs, else beside the weights.
        mapped = stored if family == "diffusers" and dtype == "bfloat16" else 0
        assert peak <= 1.1 * weights + mapped, f"{dtype}: {peak / weights:.2f} times the {weights} bytes of the weights"
