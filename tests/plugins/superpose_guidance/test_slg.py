"""Skip-layer guidance: blocks that are left out."""

import torch

import superpose
from superpose.testing import check_guidance
from superpose.testing.predictors import AttentivePredictor


def test_it_goes_without_the_blocks_that_are_named():
    tap = superpose.make("guidance", "slg", sites=("blocks.1",)).tap()
    blocks = [superpose.Site(f"blocks.{i}", "block") for i in (0, 1, 11)]
    assert [tap.skips(block) for block in blocks] == [False, True, False]
    assert not tap.skips(superpose.Site("blocks.1", "self"))


def test_a_block_that_is_left_out_hands_its_input_on():
    model = superpose.model("glyphs-ldm")
    level = model.schedule.level(0, 500)
    x = torch.randn(1, *model.shape, generator=torch.Generator().manual_seed(0))
    tap = superpose.make("guidance", "slg", sites=("down_blocks",)).tap()
    plain = superpose.prompted(model, "bold A")
    got = superpose.Tapped(plain, (tap,))(x, level).clean
    block = model.network.down_blocks[0].attentions[0].transformer_blocks
    kept, block[0] = block[0], torch.nn.Identity()
    block[0].forward = lambda h, *_: h
    want = plain(x, level).clean
    block[0] = kept
    assert torch.equal(got, want)


def test_it_keeps_the_laws():
    check_guidance(superpose.make("guidance", "slg"), rows=2)
    assert AttentivePredictor().sites[0].kind == "block"
