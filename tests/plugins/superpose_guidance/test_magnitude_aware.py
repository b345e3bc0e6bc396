"""MAMBO-G, beside diffusers'."""

import math

import torch

from recorded_guiders import RUNS, Recorded, check_recorded, guided_run
from superpose import make


def test_it_is_that_of_diffusers():
    """Which takes tokens: the same numbers in rows."""
    args = RUNS["mambo"]
    rule = make("guidance", "magnitude-aware", scale=args["guidance_scale"], damping=args["alpha"])
    got = guided_run(rule, Recorded(yes="pred_cond", no="pred_uncond"))
    check_recorded(got.flatten(-2), "mambo")


def test_in_its_other_form_it_is_that_of_diffusers():
    """Where scale w leads as far as w + 1 does here."""
    args = RUNS["mambo_original"]
    rule = make("guidance", "magnitude-aware", scale=args["guidance_scale"] + 1, damping=args["alpha"])
    got = guided_run(rule, Recorded(yes="pred_cond", no="pred_uncond"))
    check_recorded(got.flatten(-2), "mambo_original")


def test_its_weight_falls_with_the_relative_change():
    rule = make("guidance", "magnitude-aware", scale=5.0, damping=2.0)
    negative = torch.full((1, 1, 2, 2), 2.0)
    got = rule.combined(negative * 1.5, negative)  # a change of half the length
    torch.testing.assert_close(got, negative + (1 + 4 * math.exp(-1.0)) * negative * 0.5)


def test_without_damping_it_is_cfg():
    network = Recorded(yes="pred_cond", no="pred_uncond")
    got, want = (
        guided_run(make("guidance", kind, scale=4.0, **options), network)
        for kind, options in (("magnitude-aware", {"damping": 0.0}), ("cfg", {}))
    )
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)
