"""Taps: what they see, what they change, and what is refused."""

import attrs
import pytest
import torch

import superpose
from superpose.estimate.attention import Site, places_of_size
from superpose.estimate.batching import BatchedEvaluator
from superpose.testing.predictors import AttentivePredictor

SITES = AttentivePredictor().sites


@attrs.frozen(eq=False)
class Kept(superpose.Tap):
    """Keeps what it is shown."""

    kept: list = attrs.field(factory=list)

    def edit(self, attention):
        self.kept.append(attention)


@attrs.frozen
class OneWord(superpose.Tap):
    """Every place looks at one word."""

    word: int = 0

    def at(self, site):
        return site.kind == "cross"

    def edit(self, attention):
        one = torch.zeros_like(attention.probabilities)
        one[..., self.word] = 1
        return one


@attrs.frozen
class Without(superpose.Tap):
    """The network goes without a block."""

    name: str = "middle"

    def skips(self, block):
        return block.name == self.name


@pytest.fixture
def network():
    return AttentivePredictor()


@pytest.fixture
def x():
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def asked(network, x, *taps, prompt="a red cat", batch_size=None):
    level = network.schedule.level(0, 500)
    denoiser = superpose.Tapped(superpose.prompted(network, prompt), taps)
    return superpose.evaluate(denoiser, x, level, batch_size=batch_size).clean


def test_a_tap_is_shown_each_row_of_each_site(network, x):
    kept = Kept()
    asked(network, x, kept)
    assert [(one.site.name, one.rows[0].sample) for one in kept.kept] == [
        (site.name, row) for site in SITES[1:] for row in range(3)
    ]
    for one in kept.kept:
        cross = one.site.kind == "cross"
        assert one.query.shape == (1, 2, 16, 4)
        assert one.key.shape == one.value.shape == (1, 2, 4 if cross else 16, 4)
        assert (one.words, one.grid) == (4 if cross else 0, (4, 4))
        torch.testing.assert_close(one.probabilities.sum(-1), torch.ones(1, 2, 16))


def test_rows_that_fill_up_are_shown_to_nobody(network, x):
    kept = Kept()
    asked(network, x, kept, batch_size=2)
    assert sorted(one.rows[0].sample for one in kept.kept) == [0, 0, 1, 1, 2, 2]
    assert torch.equal(asked(network, x, OneWord(), batch_size=2)[2], asked(network, x[2:], OneWord(), batch_size=2)[0])


def test_what_is_put_in_place_is_what_the_network_sees(network, x):
    """With every place at one word, the other words change nothing."""
    one, other, third = (asked(network, x, OneWord(), prompt=p) for p in ("a red cat", "a blue cat", "the red cat"))
    plain = [told.tensors["bias"] for told in map(network.condition, ("a red cat", "a blue cat"))]
    assert not torch.equal(*plain), "the whole prompt is told besides"
    same = superpose.Condition("x", network.condition("a red cat").tensors | {"bias": plain[1]})
    level = network.schedule.level(0, 500)
    mixed = superpose.Tapped(superpose.Prompted(network, same), (OneWord(),))(x, level).clean
    assert torch.equal(mixed, other)
    assert not torch.equal(one, third)


def test_a_later_tap_sees_what_an_earlier_one_has_put_in_place(network, x):
    kept = Kept()
    asked(network, x, OneWord(2), kept)
    words = [one for one in kept.kept if one.site.kind == "cross"]
    assert all(torch.equal(one.probabilities[..., 2], torch.ones(1, 2, 16)) for one in words)
    assert torch.equal(asked(network, x, OneWord(2), OneWord(1)), asked(network, x, OneWord(1)))


def test_a_block_is_left_out(network, x):
    assert not torch.equal(asked(network, x, Without()), asked(network, x))


def test_equal_taps_are_asked_together_and_others_apart(network, x):
    told = network.condition("a cat"), network.condition("a dog")
    queries = [
        superpose.Query(network, x, one, taps=taps) for one in told for taps in ((), (OneWord(1),), (OneWord(1),))
    ]
    BatchedEvaluator()._round(
        [*queries, superpose.Query(network, x, told[0], taps=(OneWord(2),))], network.schedule.level(0, 9)
    )
    assert network.blocks == [6, 6, 3]


def test_a_tap_that_is_nowhere_is_an_error(network, x):
    with pytest.raises(
        superpose.RunError, match=r"Without was at no attention of AttentivePredictor, which has middle "
    ):
        asked(network, x, Without("nowhere"))


@attrs.frozen
class Odd(superpose.Tap):
    """Puts something else in place."""

    made: object

    def edit(self, attention):
        return self.made(attention)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda a: a.value,
            r"Odd.edit.* returns probabilities of shape \(1, 2, 16, 4\) at middle.attn1, and must return",
        ),
        (lambda a: "no", r"Odd.edit.* returns a str at middle.attn1"),
    ],
)
def test_what_is_no_probabilities_is_refused(network, x, made, message):
    with pytest.raises(superpose.PluginError, match=message):
        asked(network, x, Odd(made))


def test_a_mask_hides_keys_from_taps_too():
    q, k, v = (torch.randn(1, 2, 4, 8, generator=torch.Generator().manual_seed(i)) for i in range(3))
    hidden = torch.tensor([True, True, False, True]).view(1, 1, 1, 4)
    for mask in (hidden, torch.zeros(1, 1, 1, 4).masked_fill(~hidden, -torch.inf)):
        attention = superpose.Attention(Site("a", "self"), q, k, v, (superpose.Row(0, 0),), mask=mask)
        want = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        torch.testing.assert_close(attention.probabilities @ v, want)
        assert not attention.probabilities[..., 2].any()


@pytest.mark.parametrize(
    ("size", "count", "want"),
    [((8, 8), 64, (8, 8)), ((64, 32), 128, (16, 8)), ((33, 33), 16, (4, 4)), ((8, 8), 3, None), ((6, 4), 6, (3, 2))],
)
def test_places_have_the_proportions_of_the_state(size, count, want):
    assert places_of_size(size, count) == want


def test_a_network_inside_another_is_refused(x):
    class Twice(AttentivePredictor):
        def predict(self, x, level, conditioning):
            told = {name: torch.cat([one, one]) for name, one in conditioning.items()}
            answer = super().predict(torch.cat([x, x]), level, told)
            return superpose.Prediction(answer.output[: len(x)])

    with pytest.raises(superpose.RunError, match="computes attention of 6 rows where 3 were asked about"):
        asked(Twice(), x, OneWord())
