"""Whole runs: one view is a plain run turned, identity views and equal parts are the plain run."""

import attrs
import pytest
import torch

from moving import moves_values
from problems import told
from superpose import Canvas, Noise, Trajectory, factorized, guided, make, prompted, viewed
from superpose.plugins import load_plugins
from superpose.testing import variants
from superpose.testing.predictors import TinyPredictor

SIZES = [(3, 8, 8), (1, 9, 9), (3, 16, 16)]
#: Views that move values and no more, whose runs are the turned ones to the last bit; others come near.
VIEWS = [
    pytest.param(view, size, id=f"{view}-{size[1]}")
    for cls in load_plugins().kinds("view").values()
    for view in variants(cls)
    for size in SIZES
    if not told(view, size) and moves_values(view, size)
]
#: All that can sample a variance-preserving network; flow-euler refuses it.
SCHEDULERS = sorted(set(load_plugins().kinds("scheduler")) - {"flow-euler", "dds"})


@attrs.frozen
class Turned:
    """Noise of which a view shows the noise of another source."""

    view: object
    noise: Noise

    def draw(self, step, purpose="step"):
        return self.view.invert(self.noise.draw(step, purpose))


def run(compose, size, scheduler="ddpm", turned_by=None, samples=2, steps=5):
    """A run of what ``compose`` makes of the denoiser of a prompt."""
    network = TinyPredictor(size)
    cat = guided(prompted(network, "cat"), prompted(network, ""), 3.0)
    method = make("scheduler", scheduler, steps=steps).bind(Canvas.of(network))
    noise = Noise(0, tuple(range(samples)), size)
    noise = Turned(turned_by, noise) if turned_by else noise
    return Trajectory(compose(cat), method, method.plan(network.schedule), noise).run()


@pytest.mark.parametrize("scheduler", ["ddpm", "ddim", "dpmpp"])
@pytest.mark.parametrize(("view", "size"), VIEWS)
def test_one_view_is_a_plain_run_on_turned_noise_turned_back(view, size, scheduler):
    seen = view.apply(run(lambda cat: viewed([(view, cat)]), size, scheduler, turned_by=view))
    plain = run(lambda cat: cat, size, scheduler)
    off = float((seen - plain).abs().max())
    assert off == 0, f"{view} at {size} with {scheduler} is {off:.3g} off"


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("size", SIZES)
def test_two_identity_views_are_the_plain_run_bit_for_bit(size, scheduler):
    identity = make("view", "identity")
    twice = run(lambda cat: viewed([(identity, cat), (identity, cat)]), size, scheduler)
    assert torch.equal(twice, run(lambda cat: cat, size, scheduler))


@pytest.mark.parametrize("degrees", [30.0, 181.0])
@pytest.mark.parametrize("scheduler", ["ddpm", "ddim", "dpmpp"])
def test_a_view_that_mixes_values_is_a_plain_run_turned_to_rounding(degrees, scheduler):
    view = make("view", "rotate", degrees=degrees)
    seen = view.apply(run(lambda cat: viewed([(view, cat)]), (3, 16, 16), scheduler, turned_by=view))
    plain = run(lambda cat: cat, (3, 16, 16), scheduler)
    torch.testing.assert_close(seen, plain, atol=1e-4 * float(plain.abs().max()), rtol=0)


@pytest.mark.parametrize("kind", [kind for kind, cls in load_plugins().kinds("decomposition").items() if variants(cls)])
def test_equal_parts_are_the_plain_run_to_rounding(kind):
    decomposition, size = make("decomposition", kind), (3, 8, 8)
    parts = run(lambda cat: factorized(decomposition, [cat] * len(decomposition.names)), size)
    plain = run(lambda cat: cat, size)
    torch.testing.assert_close(parts, plain, atol=1e-4 * float(plain.abs().max()), rtol=0)
