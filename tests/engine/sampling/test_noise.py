"""Noise is a function of (seed, sample, step, purpose) and of nothing else."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import Noise, vector_noise
from superpose.sampling.noise import START, Drawn, _word

SHAPE = (3, 5, 7)
numbers = st.integers(0, 2**32)


@given(seed=st.integers(0, 2**63 - 1), sample=numbers, step=st.integers(-1, 10_000), neighbours=st.lists(numbers))
def test_a_sample_has_the_same_noise_in_every_company(seed, sample, step, neighbours):
    alone = Noise(seed, (sample,), SHAPE).draw(step, "step")
    together = Noise(seed, (*neighbours, sample), SHAPE).draw(step, "step")
    assert torch.equal(alone[0], together[-1]), (seed, sample, step)


@given(
    seed=st.integers(0, 2**63 - 1),
    sample=numbers,
    step=st.integers(-1, 10_000),
    before=st.integers(1, 9),
    law=st.sampled_from(["normal", "uniform"]),
)
def test_the_noise_is_that_of_a_fresh_philox_whatever_was_drawn_before(seed, sample, step, before, law):
    Noise(1, (2,), (1, 1, before)).draw(3)  # leaves a part of a word
    drawn = Noise(seed, (sample,), SHAPE).draw(step, "mine", law)
    word = _word("mine" if law == "normal" else "mine:uniform")
    counter, key = (np.array(one, dtype=np.uint64) for one in ([0, 0, step % 2**64, word], [seed, sample]))
    fresh = np.random.Generator(np.random.Philox(counter=counter, key=key))
    draw = fresh.standard_normal if law == "normal" else fresh.random
    assert np.array_equal(drawn[0].numpy(), draw(SHAPE, dtype=np.float32))


def test_threads_draw_side_by_side():
    noise = Noise(3, (0, 1, 2), (3, 64, 64))
    alone = [noise.draw(step) for step in range(24)]
    with ThreadPoolExecutor(4) as threads:
        beside = list(threads.map(noise.draw, range(24)))
    assert all(torch.equal(one, other) for one, other in zip(alone, beside, strict=True))


def test_every_argument_matters():
    draws = [
        Noise(seed, (sample,), SHAPE).draw(step, purpose)
        for seed in (0, 1)
        for sample in (0, 1)
        for step in (-1, 0, 1)
        for purpose in ("start", "step")
    ]
    for i, one in enumerate(draws):
        for k, other in enumerate(draws[:i]):
            correlation = torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]
            assert abs(correlation) < 0.4, f"draws {i} and {k} are alike"


def test_lasting_noise_is_that_of_the_start_at_every_step():
    source = Noise(3, (5,), SHAPE)
    at_start, later = (Drawn(source, step, "mine:") for step in (START, 7))
    assert torch.equal(later.lasting("a"), at_start("a"))
    assert torch.equal(later.lasting("a", "uniform"), at_start("a", "uniform"))
    assert not torch.equal(later.lasting("a"), later("a"))


@pytest.mark.parametrize("width", [4, 105, 300])
def test_noise_for_vectors_is_a_sample_s_own_and_no_number_of_it_is_drawn_twice(width):
    both, alone = (Drawn(Noise(3, samples, SHAPE), 7) for samples in ((0, 1), (1,)))
    drawn = vector_noise(both, width, "code")
    assert torch.equal(drawn[1:], vector_noise(alone, width, "code"))
    assert drawn.shape == (2, width)
    assert drawn.unique().numel() == drawn.numel()
    assert torch.equal(drawn[:, :105], both("code").flatten(1)[:, :width])
    uniform = vector_noise(both, width, "code", "uniform")
    assert 0 <= uniform.min() < uniform.max() < 1


def test_the_order_of_drawing_does_not_matter():
    noise = Noise(3, (0, 1), SHAPE)
    first = noise.draw(5, "step")
    noise.draw(6, "other")
    assert torch.equal(first, noise.draw(5, "step"))


def test_the_global_generator_is_neither_read_nor_moved():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one = Noise(0, (0,), SHAPE).draw(0)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(1)
    assert torch.equal(one, Noise(0, (0,), SHAPE).draw(0))


@pytest.mark.parametrize("step", [-1, 0, 17])
def test_noise_is_white(step):
    x = Noise(0, tuple(range(64)), (3, 32, 32)).draw(step).double()
    count = x.numel()
    assert x.dtype == torch.float64
    assert abs(x.mean()) < 5 / count**0.5
    assert abs(x.var() - 1) < 5 * (2 / count) ** 0.5
    for axis in (0, 1, 2, 3):
        lag = (x * x.roll(1, axis)).mean()
        assert abs(lag) < 5 / count**0.5, f"neighbours along axis {axis} are correlated"


def test_noise_is_float32():
    assert Noise(0, (0,), SHAPE).draw(0).dtype == torch.float32


def test_uniform_noise_is_uniform_and_the_samples_own():
    noise = Noise(3, (0, 1), (4, 64, 64))
    drawn = noise.draw(0, "where", "uniform")
    assert drawn.dtype == torch.float32
    assert float(drawn.min()) >= 0
    assert float(drawn.max()) < 1
    counts = torch.histc(drawn, 16, 0, 1)
    expected = drawn.numel() / 16
    assert float(((counts - expected) ** 2 / expected).sum()) < 37.7, "chi-square of 15 degrees of freedom, 0.1 %"
    assert torch.equal(Noise(3, (1,), (4, 64, 64)).draw(0, "where", "uniform")[0], drawn[1])


def test_two_laws_of_one_purpose_share_no_bits():
    """Else the sign of a normal number would tell the uniform one, and what is drawn with both would depend on it."""
    noise = Noise(3, range(4), (4, 64, 64))
    normal, uniform = noise.draw(0, "step").flatten(), noise.draw(0, "step", "uniform").flatten()
    correlation = float(torch.corrcoef(torch.stack((torch.special.ndtr(normal), uniform)))[0, 1])
    assert abs(correlation) < 4 / len(normal) ** 0.5
