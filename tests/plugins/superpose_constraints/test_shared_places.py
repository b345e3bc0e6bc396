"""Places that views share: closed forms of the loss, maps turned back, and the slope, each sample for itself."""

import pytest
import torch

import superpose
from superpose_constraints.shared_places import apart, looking, slope, turned_back


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_loss_of_equal_and_of_disjoint_maps(count):
    """Maps that are the same share a half, and those of places of their own nothing."""
    wanted = 0.5 - 0.05 * (count - 1)
    same = torch.rand(4, 4, generator=torch.Generator().manual_seed(0))
    assert float(apart([same] * count)) == pytest.approx(0.5 - wanted)
    alone = [torch.zeros(count).index_fill(0, torch.tensor(i), 1.0) for i in range(count)]
    assert float(apart(alone)) == pytest.approx(wanted)


@pytest.fixture(scope="module")
def shown():
    network = superpose.model("glyphs-ldm")
    prompts = ("M in red", "W in red")
    kinds = superpose.make("view", "identity"), superpose.make("view", "rotate", degrees=180)
    pairs = [(view, superpose.prompted(network, prompt)) for view, prompt in zip(kinds, prompts, strict=True)]
    views = looking(superpose.viewed(pairs), network, prompts, ("M", "W"))
    return network, views


def test_each_view_has_its_word_and_its_map_lies_on_the_image(shown):
    _, views = shown
    assert [view.condition.prompt for view in views] == ["M in red", "W in red"]
    assert [view.places for view in views] == [(0,), (0,)]
    seen = torch.arange(16.0).view(4, 4)
    plain, turned = (turned_back(seen, view.term, (4, 8, 8)) for view in views)
    assert torch.equal(plain, seen.repeat_interleave(2, 0).repeat_interleave(2, 1))
    assert torch.equal(turned, plain.flip(0, 1))


def test_the_state_slides_to_more_that_is_shared_and_each_sample_for_itself(shown):
    from superpose_constraints.shared_places import Apart

    network, views = shown
    level = network.schedule.level(0, 600)
    x = torch.randn(2, *network.shape, generator=torch.Generator().manual_seed(0))
    found = slope(network, views, x, level, 4)
    assert torch.equal(found[1:], slope(network, views, x[1:], level, 4))

    def loss(x):
        with torch.no_grad():
            return superpose.BatchedEvaluator(4)(Apart(network, views), x, level).clean.flatten()

    before = loss(x)
    step = 1e-3 * before / found.square().sum((1, 2, 3))  # a thousandth of the loss, to first order
    after = loss(x - step.view(-1, 1, 1, 1) * found)
    assert torch.allclose((before - after) / before, torch.full_like(before, 1e-3), rtol=0.2)
