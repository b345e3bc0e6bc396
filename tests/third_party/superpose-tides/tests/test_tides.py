"""The laws, and that each kind does what its manual page promises."""

import attrs
import pytest
import superpose
import torch
from superpose.testing import check_constraint, check_guidance, check_import_time, check_tap, report

from superpose_tides.eddy import Scatter
from superpose_tides.moon import Moon, apart
from superpose_tides.still_water import StillWater
from superpose_tides.swell import Swell
from superpose_tides.undertow import Undertow
from superpose_tides.waves import Waves


@pytest.mark.parametrize("kind", [Moon, StillWater, Swell, Waves])
def test_every_law_holds_in_every_variant(kind):
    broken = [str(line) for line in report(kind) if line.status != "ok"]
    assert not broken, "\n".join(broken)


def test_the_laws_at_a_size_that_nobody_uses():
    check_constraint(Moon(deviation=0.5), superpose.Canvas((2, 7, 11)))
    check_constraint(StillWater(), superpose.Canvas((2, 7, 11)))
    check_guidance(Swell(scale=2.0), 2, 7, 11)


def test_the_plugin_is_light():
    check_import_time("superpose_tides")


def test_the_moon_brings_the_halves_together():
    network = superpose.model("glyphs")
    shown, scheduler = superpose.prompted(network, "T"), superpose.make("scheduler", "ddpm", steps=12)
    plain, pulled = (
        superpose.sample(shown, scheduler, network, samples=2, constraints=rules) for rules in ((), (Moon(),))
    )
    far, near = (max(abs(float(apart(image))) for image in images) for images in (plain, pulled))
    assert near < 0.5 * far, (near, far)


def test_still_water_reflects(tiny_predictor):
    """The estimate of a mirrored state is the mirrored estimate."""
    network, x = tiny_predictor(), torch.randn((1, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    denoiser = StillWater().wrap(superpose.prompted(network, "cat"))
    level = superpose.NoiseLevel(0, 500.0, 0.6, 0.8)
    torch.testing.assert_close(denoiser(x.flip(-2), level).clean, denoiser(x, level).clean.flip(-2))


def test_a_swell_that_was_stopped_swings_on(tiny_predictor):
    network = tiny_predictor()
    shown = Swell().denoiser(network, network.condition("cat"), network.condition(""))
    run = superpose.trajectory(shown, superpose.make("scheduler", "ddim", steps=4), network)
    state = run.step(run.step(run.start()))
    forgetful = run.run(state=attrs.evolve(state, denoiser_memory=()))
    assert torch.equal(run.run(state=state), run.run())
    assert not torch.equal(forgetful, run.run())


def test_the_undertow_is_a_mix_of_two_networks(tiny_predictor):
    better, worse = tiny_predictor(seed=0), tiny_predictor(seed=1)
    level, x = superpose.NoiseLevel(0, 500.0, 0.6, 0.8), torch.ones(1, 3, 8, 8)
    kind = Undertow(model=superpose.make("model", "glyphs"), scale=3.0)
    read = []
    bound = kind.bind(superpose.Context.of(better, read=lambda model: read.append(model) or worse))
    said = bound.denoiser(better, better.condition("cat"), better.condition(""))(x, level).clean
    one, other = (superpose.prompted(network, "cat")(x, level).clean for network in (better, worse))
    torch.testing.assert_close(said, 3 * one - 2 * other)
    assert read == [kind.model]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_scattered_attention_keeps_the_laws_and_sums_to_one(share):
    check_tap(lambda: Scatter(share))
    q, k, v = (torch.randn(1, 2, 9, 4, generator=torch.Generator().manual_seed(i)) for i in range(3))
    attention = superpose.Attention(superpose.Site("a", "self"), q, k, v, (superpose.Row(0, 0),))
    torch.testing.assert_close(Scatter(share).edit(attention).sum(-1), torch.ones(1, 2, 9))
