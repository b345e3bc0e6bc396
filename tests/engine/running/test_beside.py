"""What is laid beside the state: views act on it, and every row of a question has that of its own sample."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moving import moves_values
from problems import shows_all
from small_models import Beheld, LargerPredictor, enlarged
from superpose import (
    BatchedEvaluator,
    Conditioning,
    Known,
    LawError,
    Mix,
    Noise,
    NoiseLevel,
    Term,
    Trajectory,
    guided,
    make,
    prompted,
    sample,
    trajectory,
    viewed,
)
from superpose.plugins import load_plugins
from superpose.testing import variants

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)
SIZES = [(3, 8, 8), (1, 9, 9)]
#: Views that move values and no more, whose runs are the turned ones to the last bit.
VIEWS = [
    pytest.param(view, size, id=f"{view}-{size[1]}")
    for cls in load_plugins().kinds("view").values()
    for view in variants(cls)
    for size in SIZES
    if shows_all(view, size) and moves_values(view, size)
]


def noise(rows, shape=(3, 8, 8), seed=0):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


def run(network, denoiser, conditioning, turn=lambda x: x, scheduler="ddpm"):
    """A run on noise that ``turn`` turns."""

    class Turned:
        def draw(self, step, purpose="step"):
            return turn(Noise(0, (0, 1), network.shape).draw(step, purpose))

    method = make("scheduler", scheduler, steps=5)
    plan = method.plan(network.schedule)
    return Trajectory(
        denoiser, method, plan, Turned(), batch_size=3, predictor=network, conditioning=conditioning
    ).run()


@pytest.mark.parametrize(("view", "size"), VIEWS)
def test_one_view_is_a_plain_run_on_turned_conditioning_turned_back(view, size):
    network, low, own = Beheld(size), noise(2, size, seed=1), noise(2, (1, 1, 1), seed=2)
    cat = guided(prompted(network, "cat"), prompted(network, ""), 3.0)
    one = viewed([(view, cat)], channels=size[0])
    one.check(size)
    seen = view.apply(run(network, one, Conditioning(view.invert(low), {"own": own}), turn=view.invert))
    off = float((seen - run(network, cat, Conditioning(low, {"own": own}))).abs().max())
    assert off == 0, f"{view} at {size} is {off:.3g} off"


@settings(max_examples=25)
@given(samples=st.integers(1, 6), rows=st.integers(1, 9), scale=st.sampled_from([0.0, 1.0, 3.0]))
def test_a_row_has_what_is_its_samples_own_in_any_company(samples, rows, scale):
    network, x, own = Beheld((3, 8, 8)), noise(samples, (6, 8, 8)), noise(samples, (1, 1, 1), seed=1)
    turned = make("view", "rotate", degrees=180)
    cat = guided(prompted(network, "cat"), prompted(network, ""), scale)
    denoiser = viewed([(make("view", "identity"), cat), (turned, prompted(network, "dog"))], channels=3)
    together = BatchedEvaluator(rows, {network: {"own": own}})(denoiser, x, MOMENT).clean
    for i in range(samples):
        alone = BatchedEvaluator(rows, {network: {"own": own[i : i + 1]}})(denoiser, x[i : i + 1], MOMENT).clean
        assert torch.equal(alone[0], together[i]), f"sample {i} of {samples}, {rows} rows"


def test_a_sample_of_many_is_the_sample_alone():
    network, low = Beheld((3, 8, 8)), noise(7, seed=3)
    cat = guided(prompted(network, "cat"), prompted(network, ""), 2.0)
    scheduler = make("scheduler", "ddpm", steps=4)
    many = sample(cat, scheduler, network, samples=7, batch_size=4, low=low)
    for k in (0, 5, 6):
        alone = sample(cat, scheduler, network, samples=(k,), batch_size=4, low=low[k : k + 1])
        assert torch.equal(alone[0], many[k]), f"sample {k}"


def test_a_stage_without_spread_gives_the_picture_enlarged():
    network, low = LargerPredictor((3, 16, 16)), noise(5, seed=4)
    got = sample(prompted(network, ""), make("scheduler", "ddim", steps=3), network, samples=5, batch_size=4, low=low)
    torch.testing.assert_close(got, enlarged(low, 16), atol=1e-5, rtol=0)


@pytest.mark.parametrize("scheduler", ["ddim", "ddpm"])
def test_a_stage_has_the_spread_that_it_was_made_with(scheduler):
    network, low = LargerPredictor((3, 16, 16), spread=0.25), noise(16, (3, 4, 4), seed=5)
    method = make("scheduler", scheduler, steps=500)
    off = sample(prompted(network, ""), method, network, samples=16, low=low) - enlarged(low, 16)
    count = off.numel()
    # Five standard errors, and 1 % that the steps may cost.
    assert abs(float(off.mean())) < 5 * 0.25 / count**0.5
    assert abs(float(off.std()) / 0.25 - 1) < 0.01 + 5 / (2 * count) ** 0.5


def test_stages_are_independent_of_each_other():
    network, low = Beheld((3, 8, 8)), noise(2)
    method = make("scheduler", "ddpm", steps=2)
    first, second, third = (
        trajectory(prompted(network, ""), method, network, low=low, samples=2, stage=stage) for stage in (0, None, 2)
    )
    draws = [
        run.noise.draw(step, purpose)
        for run in (first, second, third)
        for step in (-1, 0)
        for purpose in ("a", "start")
    ]
    flat = torch.stack([draw.flatten() for draw in draws])
    off = torch.corrcoef(flat) - torch.eye(len(flat))
    assert float(off.abs().max()) < 5 / flat.shape[1] ** 0.5, "the noise of two stages is related"
    assert not torch.equal(second.conditioning.per_sample["own"], third.conditioning.per_sample["own"]), (
        "what is laid beside has one stage's noise"
    )
    larger = Noise(0, (0,), (3, 16, 16), stage=1).draw(-1, "start").flatten()[: 3 * 8 * 8]
    assert not torch.equal(larger, Noise(0, (0,), (3, 8, 8)).draw(-1, "start").flatten())


def test_what_is_known_is_known_beside_conditioning():
    network, image = Beheld((3, 8, 8)), noise(1)[0]
    half = Mix((Term(Known(image), 0.5), Term(prompted(network, "a"), 0.5)))
    clean = BatchedEvaluator(per_sample={network: {"own": torch.zeros(2, 1, 1, 1)}})(
        half, noise(2, (6, 8, 8)), MOMENT
    ).clean
    assert clean.shape == (2, 3, 8, 8)


def test_a_question_about_some_samples_only_is_refused():
    network = Beheld((3, 8, 8))
    answerer = BatchedEvaluator(per_sample={network: {"own": torch.zeros(3, 1, 1, 1)}})
    with pytest.raises(LawError, match="Beheld is asked about 2 rows, and has 'own' for 3 samples"):
        answerer(prompted(network, "a"), noise(2, (6, 8, 8)), MOMENT)
