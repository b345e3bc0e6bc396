"""Answering: one forward pass a round, duplicates removed, fixed blocks of rows."""

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import (
    BatchedEvaluator,
    Denoiser,
    Estimate,
    Mix,
    NoiseLevel,
    Prompted,
    Query,
    Term,
    evaluate,
    guided,
    prompted,
)
from superpose.testing.predictors import TinyPredictor

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)


def noise(rows, shape=(3, 8, 8), seed=0):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


@given(samples=st.integers(1, 9), rows=st.integers(1, 12), shape=st.sampled_from([(3, 8, 8), (1, 7, 5), (3, 9, 11)]))
def test_a_rows_bits_do_not_depend_on_its_neighbours_or_place(samples, rows, shape):
    model = TinyPredictor(shape)
    denoiser = guided(prompted(model, "cat"), prompted(model, ""), 3.0)
    x = noise(samples, shape)
    together = BatchedEvaluator(rows)(denoiser, x, MOMENT).clean
    for i in range(samples):
        alone = BatchedEvaluator(rows)(denoiser, x[i : i + 1], MOMENT).clean
        assert torch.equal(alone[0], together[i]), f"sample {i} of {samples}, {rows} rows"


def test_evaluating_is_a_round_of_a_run():
    model = TinyPredictor()
    denoiser = guided(prompted(model, "cat"), prompted(model, ""), 3.0)
    x = noise(3)
    whole = evaluate(denoiser, x, MOMENT)
    assert torch.equal(whole.clean, denoiser(x, MOMENT).clean)
    assert model.blocks == [6, 6]
    model.blocks.clear()
    blocks = evaluate(denoiser, x, MOMENT, batch_size=4)
    assert model.blocks == [4, 4]
    assert torch.equal(blocks.clean[1:2], evaluate(denoiser, x[1:2], MOMENT, batch_size=4).clean)
    torch.testing.assert_close(blocks.clean, whole.clean)


def test_one_differentiates_through_an_evaluation():
    model = TinyPredictor()
    x = noise(1).requires_grad_()
    evaluate(prompted(model, "cat"), x, MOMENT).clean.sum().backward()
    assert x.grad.isfinite().all()
    assert x.grad.abs().max() > 0


@given(samples=st.integers(1, 9), rows=st.integers(1, 12))
def test_every_pass_has_the_same_number_of_rows(samples, rows):
    model = TinyPredictor()
    BatchedEvaluator(rows)(guided(prompted(model, "cat"), prompted(model, ""), 3.0), noise(samples), MOMENT)
    assert set(model.blocks) == {rows}
    assert len(model.blocks) == -(-2 * samples // rows), "more passes than needed"


def test_equal_questions_are_asked_once():
    model = TinyPredictor()
    cat, none = model.condition("cat"), model.condition("")
    one = guided(Prompted(model, cat), Prompted(model, none), 3.0)
    two = guided(Prompted(model, cat), Prompted(model, none), 7.0)
    x = noise(2)
    got = Mix((Term(one, 0.25), Term(two, 0.75)))(x, MOMENT).clean
    assert model.blocks == [4], "cat and nothing, two samples each"
    want = 0.25 * one(x, MOMENT).clean + 0.75 * two(x, MOMENT).clean
    torch.testing.assert_close(got, want)


@pytest.mark.parametrize(("scale", "rows"), [(0.0, 1), (1.0, 1), (2.0, 2)])
def test_a_weight_of_zero_is_not_asked(scale, rows):
    model = TinyPredictor()
    guided(prompted(model, "cat"), prompted(model, ""), scale)(noise(1), MOMENT)
    assert model.blocks == [rows]


def test_two_networks_are_asked_once_each():
    one, two = TinyPredictor(seed=0), TinyPredictor(seed=1)
    terms = Term(prompted(one, "a"), 0.5), Term(prompted(two, "b"), 0.25), Term(prompted(one, "c"), 0.25)
    x = noise(3)
    got = Mix(terms)(x, MOMENT).clean
    assert (one.blocks, two.blocks) == ([6], [3])
    want = sum(term.weight * term.denoiser(x, MOMENT).clean for term in terms)
    torch.testing.assert_close(got, want)


def test_a_second_round_is_batched_too():
    class Twice(Denoiser):
        """Asks again at a state made from its first answer."""

        def __init__(self, inner):
            self.inner = inner

        def estimate(self, x, level):
            clean = (yield from self.inner.estimate(x, level)).clean
            return (yield from self.inner.estimate(x + 0.1 * clean, level))

    model = TinyPredictor()
    parts = [Twice(prompted(model, "a")), Twice(prompted(model, "b")), prompted(model, "c")]
    x = noise(2)
    got = Mix(tuple(Term(part, 1 / 3) for part in parts))(x, MOMENT).clean
    assert model.blocks == [6, 4]
    torch.testing.assert_close(got, sum(part(x, MOMENT).clean for part in parts) / 3)


def test_a_network_in_half_precision_gives_a_float32_state():
    class Half(TinyPredictor):
        def predict(self, x, level, conditioning):
            output, variance = super().predict(x, level, conditioning)
            return type(super().predict(x, level, conditioning))(output.bfloat16(), variance)

    assert prompted(Half(), "a")(noise(2), MOMENT).clean.dtype == torch.float32


def test_conditions_are_gathered_once_for_the_whole_run():
    calls = Counter()

    class Counting(TinyPredictor):
        def gather(self, conditions):
            calls["gather"] += 1
            return super().gather(conditions)

    denoiser, answer = prompted(Counting(), "a"), BatchedEvaluator(2)
    for _ in range(5):
        answer(denoiser, noise(4), MOMENT)
    assert calls["gather"] == 2, "one for each of the two blocks"


def test_answers_come_back_in_the_order_of_the_questions():
    class Backwards(Denoiser):
        """Asks about rows in two tensors and puts them together the other way round."""

        def __init__(self, model):
            self.model, self.told = model, model.condition("a")

        def estimate(self, x, level):
            first, second = yield [Query(self.model, x[:1], self.told), Query(self.model, x[1:], self.told)]
            return Estimate(torch.cat([second.output, first.output]))

    model = TinyPredictor()
    x = noise(3)
    got = BatchedEvaluator(2)(Backwards(model), x, MOMENT).clean
    want = model.predict(x, MOMENT, model.gather([model.condition("a")] * 3)).output
    torch.testing.assert_close(got, want.roll(-1, 0), atol=1e-6, rtol=1e-6)
