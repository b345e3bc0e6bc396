"""Tangential damping, beside diffusers' and a singular value decomposition."""

import pytest
import torch

from recorded_guiders import RUNS, Recorded, check_recorded, guided_run
from superpose import make
from superpose_guidance.tangential import damped


def test_it_is_that_of_diffusers():
    rule = make("guidance", "tangential", scale=RUNS["tcfg"]["guidance_scale"])
    check_recorded(guided_run(rule, Recorded(yes="pred_cond", no="pred_uncond")), "tcfg")


@pytest.mark.parametrize("seed", range(4))
def test_the_direction_is_the_first_singular_vector(seed):
    generator = torch.Generator().manual_seed(seed)
    positive, negative = (torch.randn(3, 2, 5, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    negative = negative * 0.5 + positive * 0.3
    got = damped(positive, negative)
    for one, plus, minus in zip(got, positive, negative, strict=True):
        first = torch.linalg.svd(torch.stack([plus.flatten(), minus.flatten()]), full_matrices=False).Vh[0]
        torch.testing.assert_close(one.flatten(), (minus.flatten() @ first) * first)


def test_black_images_are_no_fault():
    black, grey = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    for plus, minus in ((grey, black), (black, grey), (black, black)):
        torch.testing.assert_close(damped(plus, minus), minus)
