"""The Laplacian pyramid, beside a plain one and diffusers' frequency-decoupled guidance."""

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import conv2d, interpolate, pad

from recorded_guiders import FOLDER, RUNS, Recorded, check_recorded, guided_run
from superpose import make


def blurred(x):
    line = torch.tensor([1.0, 4, 6, 4, 1], dtype=x.dtype) / 16
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 5, 5)
    return conv2d(pad(x, (2, 2, 2, 2), "reflect"), kernel, groups=x.shape[1])


def enlarged(x):
    return blurred(interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))


def halved(x):
    return interpolate(blurred(x), scale_factor=0.5, mode="bilinear", align_corners=False)


@pytest.mark.parametrize("bands", [2, 3, 4])
def test_bands_are_those_of_a_plain_pyramid(bands):
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    want, level = [], x
    for k in range(bands - 1):
        small = halved(level)
        band = level - enlarged(small)
        for _ in range(k):
            band = enlarged(band)
        want.insert(0, band)
        level = small
    for _ in range(bands - 1):
        level = enlarged(level)
    for got, band in zip(make("decomposition", "laplacian", bands=bands).split(x), [level, *want], strict=True):
        torch.testing.assert_close(got, band)


def test_a_guidance_for_each_band_is_frequency_decoupled_guidance():
    """That of diffusers lists its scales from the highest band down."""
    scales = RUNS["fdg"]["guidance_scales"]
    rule = make(
        "guidance",
        "banded",
        decomposition=make("decomposition", "laplacian", bands=len(scales)),
        base=tuple(make("guidance", "cfg", scale=scale) for scale in reversed(scales)),
    )
    check_recorded(guided_run(rule, Recorded(yes="pred_cond", no="pred_uncond")), "fdg")


def test_it_guides_within_an_interval_as_diffusers_does():
    args = RUNS["fdg_interval"]
    base = tuple(make("guidance", "cfg", scale=scale) for scale in reversed(args["guidance_scales"]))
    rule = make("guidance", "banded", decomposition=make("decomposition", "laplacian", bands=2), base=base)
    whole = make("guidance", "interval", base=rule, start=args["start"], stop=args["stop"])
    check_recorded(guided_run(whole, Recorded(yes="pred_cond", no="pred_uncond")), "fdg_interval")


def frequency_decoupled(guidances):
    """A guidance for each band, the highest first, as theirs are listed; each sees its band alone."""
    bands = make("decomposition", "laplacian", bands=len(guidances))
    return make("guidance", "banded", decomposition=bands, base=tuple(reversed(guidances)), sees="part")


def test_contrasts_of_bands_are_those_of_diffusers():
    args = RUNS["fdg_freq_rescale"]
    told = zip(args["guidance_scales"], args["guidance_rescale"], strict=True)
    bands = [make("guidance", "rescale", base=make("guidance", "cfg", scale=w), share=phi) for w, phi in told]
    check_recorded(
        guided_run(frequency_decoupled(bands), Recorded(yes="pred_cond", no="pred_uncond")), "fdg_freq_rescale"
    )


def test_what_is_parallel_in_bands_is_that_of_diffusers():
    """Which adds w times the update to the image without the prompt, and then gives the whole its contrast."""
    args, given = RUNS["fdg3_parallel"], load_file(FOLDER / "inputs.safetensors")
    told = zip(args["guidance_scales"], args["parallel_weights"], strict=True)
    bands = [make("guidance", "apg", scale=w + 1, eta=eta, momentum=0.0) for w, eta in told]
    got = guided_run(frequency_decoupled(bands), Recorded(yes="pred_cond", no="pred_uncond"))
    got = got - given["pred_cond"] + given["pred_uncond"]
    phi, over = args["guidance_rescale"], (2, 3, 4)
    gain = given["pred_cond"].std(over, keepdim=True) / got.std(over, keepdim=True)
    check_recorded(got * (phi * gain + 1 - phi), "fdg3_parallel")
