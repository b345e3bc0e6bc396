"""Attention to words and pixels: diffusers' layers over the same weights, and what it must be in closed form."""

import warnings

import pytest
import torch

from superpose_deepfloyd.attention import TextAttention, TextPooling
from superpose_networks import assign, ready

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    from diffusers.models.attention_processor import Attention, AttnAddedKVProcessor
    from diffusers.models.embeddings import TextTimeEmbedding

CONTEXT = 64


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("norms", [True, False])
@pytest.mark.parametrize("head", [4, 8])
def test_as_in_diffusers(looks, norms, head):
    torch.manual_seed(0)
    theirs = Attention(
        query_dim=8, cross_attention_dim=8, heads=8 // head, dim_head=head, added_kv_proj_dim=CONTEXT,
        norm_num_groups=2, bias=True, only_cross_attention=not looks, processor=AttnAddedKVProcessor(),
        cross_attention_norm="group_norm" if norms else None, cross_attention_norm_num_groups=32,
    )  # fmt: skip
    theirs = theirs.double().eval()
    ours = TextAttention(8, CONTEXT, head, groups=2, looks_at_pixels=looks, norms_text=norms)
    mine = set(ours.state_dict())
    assign(ours, {name: value for name, value in theirs.state_dict().items() if name in mine}, "diffusers")
    x, words = numbers(2, 8, 3, 5), numbers(2, 7, CONTEXT, seed=1)
    with torch.no_grad():
        want = theirs(x, encoder_hidden_states=words)
        torch.testing.assert_close(ours.double()(x, words), want, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_pooling_as_in_diffusers(heads):
    torch.manual_seed(0)
    theirs = TextTimeEmbedding(16, 24, num_heads=heads).double().eval()
    ours = TextPooling(16, 24, heads)
    assign(ours, theirs.state_dict(), "diffusers")
    states = numbers(3, 5, 16)
    with torch.no_grad():
        torch.testing.assert_close(
            ours.double()(states), theirs(states), atol=1e-6, rtol=1e-5
        )  # its softmax is in float32


def attention(**more):
    torch.manual_seed(0)
    options = {"groups": 2, "looks_at_pixels": True, "norms_text": True} | more
    return ready(TextAttention(8, CONTEXT, 4, **options))


def test_words_alone_are_looked_at_pixel_by_pixel():
    """What a pixel is told then depends on no other one, but for the norm, which this image has its own way."""
    block = attention(looks_at_pixels=False)
    x, words = numbers(1, 8, 3, 3).float(), numbers(1, 5, CONTEXT, seed=1).float()
    flipped = block(x.flip(-1), words)
    torch.testing.assert_close(flipped, block(x, words).flip(-1))
    assert "to_k.weight" not in block.state_dict()


def test_words_may_stand_in_any_order_and_their_number_counts_by_the_norm():
    block = attention()
    x, words = numbers(1, 8, 3, 3).float(), numbers(1, 5, CONTEXT, seed=1).float()
    torch.testing.assert_close(block(x, words.flip(1)), block(x, words), atol=1e-5, rtol=1e-5)
    padded = torch.cat((words, torch.zeros(1, 3, CONTEXT)), 1)
    assert not torch.allclose(block(x, padded), block(x, words), atol=1e-3)


def test_rows_are_apart():
    block = attention()
    x, words = numbers(3, 8, 3, 3).float(), numbers(3, 5, CONTEXT, seed=1).float()
    whole = block(x, words)
    for i in range(3):
        assert torch.equal(block(x[i : i + 1], words[i : i + 1])[0], whole[i])
