"""Perturbed-attention guidance: the identity in the place of attention."""

import pytest
import torch

import superpose
from superpose.testing import check_guidance, check_tap


def test_every_place_looks_at_itself_alone():
    q, k, v = (torch.randn(2, 3, 16, 4, generator=torch.Generator().manual_seed(i)) for i in range(3))
    tap = superpose.make("guidance", "pag").tap()
    rows = (superpose.Row(0, 0), superpose.Row(0, 1))
    alone = superpose.Attention(superpose.Site("a", "self"), q, k, v, rows)
    assert torch.equal(tap.edit(alone) @ v, v)


def test_beside_words_it_looks_at_none_of_them():
    q, words = torch.randn(1, 2, 9, 4), torch.randn(1, 2, 5, 4)
    both = torch.cat([words, q], 2)
    attention = superpose.Attention(superpose.Site("a", "joint"), q, both, both, (superpose.Row(0, 0),), words=5)
    assert torch.equal(superpose.make("guidance", "pag").tap().edit(attention) @ both, q)


def test_it_is_at_the_attention_of_places_alone():
    tap = superpose.make("guidance", "pag", sites=("mid",)).tap()
    sites = [("mid_block.a", "self"), ("mid_block.a", "cross"), ("mid_block.a", "joint"), ("up.a", "self")]
    assert [tap.at(superpose.Site(*site)) for site in sites] == [True, False, True, False]


@pytest.mark.parametrize("strength", [0.0, 1.0, 5.0])
def test_it_keeps_the_laws(strength):
    check_guidance(superpose.make("guidance", "pag", strength=strength), rows=2)
    check_tap(superpose.make("guidance", "pag").tap)
