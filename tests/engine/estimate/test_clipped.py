"""Clipping around a denoiser: of the clean image alone, after all is put together."""

import attrs
import torch

from superpose import Clipped, Denoiser, DynamicClip, Estimate, NoiseLevel, StaticClip

LEVEL = NoiseLevel(0, 5.0, 0.6, 0.8)
X = torch.tensor([[[[-3.0, -0.5], [0.5, 3.0]]]])


@attrs.frozen(eq=False)
class Whole(Denoiser):
    """Says all that can be said."""

    def estimate(self, x, level):
        yield []
        return Estimate(x, x + 1, x + 2, x + 3)


def test_the_clean_image_and_what_noise_is_read_off_are_clipped_and_nothing_else():
    estimate = Clipped(Whole(), StaticClip())(X, LEVEL)
    assert torch.equal(estimate.clean, X.clamp(-1, 1))
    assert torch.equal(estimate.renoise, (X + 3).clamp(-1, 1))
    assert torch.equal(estimate.variance, X + 1)
    assert torch.equal(estimate.guidance_gradient, X + 2)


def test_whatever_clip_it_is():
    clip = DynamicClip(ratio=0.5, maximum=2.0)
    assert torch.equal(Clipped(Whole(), clip)(X, LEVEL).clean, clip.apply(X))
