"""The upscaler: what it sees, and that what it need not find is found without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from superpose import RecipeError
from superpose_glyphs.model import GlyphsCascade
from superpose_glyphs.train.enlarging import Enlarging
from superpose_glyphs.train.plan import ALPHA, SIGMA
from superpose_glyphs.upscaler import DELTA, Residual, enlarged


def test_enlarged_keeps_flat_images_flat() -> None:
    flat = torch.full((2, 3, 4, 4), 0.3)
    torch.testing.assert_close(enlarged(flat), torch.full((2, 3, 8, 8), 0.3))


def test_paints_over_small_images(tmp_path: Path) -> None:
    task = Enlarging()
    task.export(task.network(), tmp_path)
    predictor = GlyphsCascade(path=tmp_path, noise_level=50).load()
    low, drawn = torch.rand(2, 3, 32, 32), torch.randn(2, 3, 64, 64)
    alpha, sigma = predictor.schedule.at(50)

    def noise(purpose: str = "") -> torch.Tensor:
        return drawn

    conditioning = predictor.conditioning(low, noise)
    assert conditioning is not None
    assert conditioning.channels is not None
    torch.testing.assert_close(conditioning.channels, alpha * enlarged(low) + sigma * drawn)
    x = torch.cat((drawn, conditioning.channels), dim=1)
    prediction = predictor.predict(x, predictor.schedule.level(0, 500), conditioning.per_sample)
    assert prediction.variance is not None
    assert prediction.output.shape == prediction.variance.shape == drawn.shape
    for wrong in (None, drawn):
        with pytest.raises(RecipeError, match=r"paints over images of \(3, 32, 32\), found"):
            predictor.conditioning(wrong, noise)


@pytest.mark.parametrize(("t", "low"), [(0, 0), (300, 20), (998, 400)])
def test_of_a_right_answer_the_image_is_right(t: int, low: int) -> None:
    """Of v as it is defined for the residual, over q: alpha noise - sigma residual, in its own units."""
    alpha, sigma = float(ALPHA[t]), float(SIGMA[t])
    low_alpha, low_sigma = float(ALPHA[low]), float(SIGMA[low])
    clean, noise, small = torch.randn(3, 1, 3, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    base = low_alpha * small
    sizes = Residual.at(alpha, sigma, low_sigma)
    x = alpha * clean + sigma * noise
    q = (DELTA**2 + low_sigma**2) ** 0.5
    assert sizes.seen == pytest.approx((alpha**2 * q**2 + sigma**2) ** 0.5)
    shown = (x - alpha * base) / sizes.seen
    v = (alpha * q * noise - sigma * (clean - base) / q) / sizes.seen
    torch.testing.assert_close(base + sizes.known * shown - sizes.wrong * v, clean)
