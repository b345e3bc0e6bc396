"""Rates of letters upside down hold for the weights that they were measured of."""

import itertools
import string

import attrs

import superpose
from superpose_words.rates import rates_of


def test_every_pair_of_small_letters_is_known_of_the_embedded_network():
    rates = rates_of(superpose.make("model", "glyphs"))
    letters = string.ascii_lowercase
    assert set(rates) == {frozenset(pair) for pair in itertools.combinations_with_replacement(letters, 2)}
    assert {rate.samples for rate in rates.values()} == {16}
    # What everybody knows: p is d and n is u, and o and s and x are themselves; e is no l.
    for pair in ("pd", "nu", "bq", "o", "s", "x", "z"):
        assert rates[frozenset(pair)].both > 8, pair
    assert not rates[frozenset("el")].both


def test_other_weights_are_others():
    @attrs.frozen
    class Other(type(superpose.make("model", "glyphs"))):
        def weights(self):
            return {"glyphs": "0" * 64}

    assert not rates_of(Other())


def test_the_weakest_are_those_that_are_least_likely():
    rates = rates_of(superpose.make("model", "glyphs"))
    none = [rate for rate in rates.values() if not rate.both]
    assert sorted(none) == sorted(none, key=lambda rate: rate.likely)
