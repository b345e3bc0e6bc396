"""What the judge measures with: each yardstick on something whose length is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from superpose.nn import UNet2D, UNet2DConfig
from superpose_glyphs.judge import Judge, distance, draw, look, main, right
from superpose_glyphs.plan import ALPHA, SIGMA
from superpose_glyphs.vocabulary import GLYPHS, class_of


def test_cases_count_as_one() -> None:
    asked = torch.tensor([class_of(one) for one in "aoOIx"])
    read = torch.tensor([class_of(one) for one in "A00lX"])
    assert right(read, asked) == pytest.approx(0.8)


def test_distance_of_normal_features() -> None:
    a = torch.randn(20_000, 8, generator=torch.Generator().manual_seed(0))
    assert distance(a, a) == pytest.approx(0, abs=1e-6)
    assert distance(a, 3 * a + 1) == pytest.approx(8 * (1 + 4), rel=0.02)  # |shift|^2 + sum of (3 - 1)^2


def test_draws_what_a_perfect_network_sees() -> None:
    clean = torch.linspace(-1, 1, 3 * 32 * 32).view(1, 3, 32, 32)

    class Perfect:
        config = UNet2DConfig(in_channels=3, block_out_channels=(32,) * 4)

        def __call__(self, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
            alpha, sigma = ALPHA[t], SIGMA[t]
            return alpha * (x - alpha * clean) / sigma - sigma * clean

    drawn = draw(cast(UNet2D, Perfect()), torch.tensor([5, 70]), seed=0, steps=7)
    torch.testing.assert_close(drawn, clean.expand(2, -1, -1, -1), atol=1e-3, rtol=0)


def test_look_gives_features_and_readings() -> None:
    features, read = look(Judge().eval(), torch.randn(3, 3, 32, 32))
    assert features.shape == (3, 128)
    assert read.shape == (3,)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "data.npz",
        images=rng.integers(0, 256, (40, 32, 32)).astype(np.uint8),
        labels=np.arange(40, dtype=np.uint8),
        fonts=np.arange(40, dtype=np.uint16),
        classes=np.array(list(GLYPHS)),
        font_names=np.array([f"font {i}" for i in range(40)]),
    )
    options: Any = ["--data", str(tmp_path / "data.npz"), "--state", str(tmp_path / "judge"), "--threads", "1"]
    main(["train", *options, "--steps", "1"])
    assert "real glyphs of fonts never seen" in capsys.readouterr().out
