"""CFG-Zero*, beside diffusers' and the paper's scale."""

import pytest
import torch

from recorded_guiders import RUNS, Recorded, check_recorded, guided_run, recorded
from superpose import make


@pytest.mark.parametrize("name", ["zero_star", "zero_star_2_stop"])
def test_it_is_that_of_diffusers(name):
    """Which returns zeros in its first steps, whatever the interval says: there is no such step here."""
    args = RUNS[name]
    rule = make("guidance", "cfg-zero", scale=args["guidance_scale"])
    whole = make("guidance", "interval", base=rule, stop=args.get("stop", 1.0))
    got = guided_run(whole, Recorded(yes="pred_cond", no="pred_uncond"))
    first = args["zero_init_steps"]
    assert recorded(name)[:first].abs().max() == 0
    check_recorded(got, name, first=first)


def test_its_scale_is_that_of_least_squares():
    generator = torch.Generator().manual_seed(0)
    positive, negative = (torch.randn(2, 3, 4, 4, generator=generator) for _ in range(2))
    got = make("guidance", "cfg-zero", scale=3.0).combined(positive, negative)
    for one, plus, minus in zip(got, positive, negative, strict=True):
        scale = torch.linalg.lstsq(minus.reshape(-1, 1), plus.reshape(-1, 1)).solution.item()
        torch.testing.assert_close(one, 3 * plus - 2 * scale * minus)


def test_black_images_are_no_fault():
    rule = make("guidance", "cfg-zero", scale=3.0)
    black, grey = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    assert torch.equal(rule.combined(grey, black), 3 * grey)
    assert torch.equal(rule.combined(black, black), black)
