"""Tiles come as they are distributed, are seen nowhere at first and everywhere at last, and each sample is its own."""

import superpose
import torch
from superpose.testing import check_import_time, check_predictor

from superpose_mosaic.model import PATTERNS, Mosaic
from superpose_mosaic.process import Absorbing
from superpose_mosaic.scheduler import Unmask


def run(prompt="stripes", samples=4, steps=16, **options):
    network = Mosaic(**options).load()
    denoiser = superpose.prompted(network, prompt)
    return superpose.trajectory(denoiser, Unmask(steps=steps), network, samples=samples, batch_size=4)


def states(trajectory):
    """Every state of a run."""
    state = trajectory.start()
    yield state.x
    while state.step < trajectory.steps:
        state = trajectory.step(state)
        yield state.x


def test_the_predictor_keeps_the_laws_of_predictors():
    check_predictor(Mosaic().load(), ["", *PATTERNS])


def test_the_plugin_is_light():
    check_import_time("superpose_mosaic")


def test_nothing_is_seen_at_the_start_and_everything_at_the_end():
    first, *between, last = (x[:, -1] for x in states(run()))
    assert (first == 1).all()
    assert (last == 0).all()
    shares = [float(x.mean()) for x in (first, *between, last)]
    assert shares == sorted(shares, reverse=True), "tiles are never taken up again"
    assert abs(shares[8] - 0.5) < 0.1, "half way, half of them are laid"


def test_every_state_is_one_tile_a_place():
    for x in states(run()):
        assert torch.equal(x.sum(1), torch.ones_like(x[:, 0]))
        assert set(x.unique().tolist()) <= {0.0, 1.0}


def test_tiles_are_distributed_as_they_should_be():
    """Of one pattern places are independent: wrong tiles are binomial, whatever the number of steps."""
    *_, last = states(run(samples=100, steps=5, wrong=0.2))
    right = Mosaic(wrong=0.2).load().chances[0].argmax(0)
    share = float((last.argmax(1) != right).float().mean())
    deviation = (0.2 * 0.8 / last[:, 0].numel()) ** 0.5
    assert abs(share - 0.2) < 4 * deviation, f"{share:.3f} of the tiles are wrong"


def test_a_picture_is_of_one_pattern_when_either_is_asked_for():
    """The first tiles that are laid decide for all others."""
    *_, last = states(run("", samples=24, steps=64))
    chances = Mosaic().load().chances
    agree = torch.stack([(last.argmax(1) == of.argmax(0)).float().mean((1, 2)) for of in chances], 1)
    assert (agree.max(1).values > 0.75).float().mean() > 0.9
    assert {int(best) for best in agree.argmax(1)} == {0, 1}, "both patterns come"


def test_sample_k_of_many_is_sample_k_alone():
    many = run("", samples=6).run()
    for k in range(6):
        assert torch.equal(run("", samples=[k]).run()[0], many[k]), f"sample {k}"


def test_a_climb_hides_what_its_levels_say():
    network = Mosaic(size=64).load()
    noise = superpose.Noise(0, (0,), network.shape)
    x = network.encode(torch.ones(1, 3, 64, 64))
    here, there = (network.schedule.level(0, t) for t in (200, 700))  # 0.8 and 0.3 are seen
    up = Absorbing().climb(x, here, there, lambda purpose, law: noise.draw(0, purpose, law))
    assert abs(float(up[:, -1].mean()) - (1 - 0.3 / 0.8)) < 0.04
    assert torch.equal(up.sum(1), torch.ones(1, 64, 64))


def test_colours_are_there_and_back():
    network = Mosaic().load()
    *_, last = states(run())
    assert torch.equal(network.encode(network.decode(last)), last)
