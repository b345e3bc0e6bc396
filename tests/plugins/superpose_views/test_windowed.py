"""What views of parts have in common: they show one, and can't turn it back without its windows."""

import pytest
import torch

from superpose import LawError, make

PARTS = {"window": {"left": 1}, "canvas": {"of": 2}, "panorama": {"top": 1}}


@pytest.mark.parametrize(("kind", "options"), PARTS.items())
def test_a_part_alone_is_not_inverted_and_the_whole_is_itself(kind, options):
    view, x = make("view", kind, **options), torch.zeros(1, 3, 8, 16)
    whole = x[..., :8]
    assert make("view", kind).invert(whole) is whole
    with pytest.raises(LawError, match=f"{kind} shows a part, and can't know of what"):
        view.invert(view.apply(x))


def test_it_shows_its_rectangle_and_its_frames_do():
    view, x = make("view", "window", left=3), torch.arange(40.0).view(1, 1, 4, 10)
    assert torch.equal(view.apply(x), x[..., 3:7])
    assert view.frame(x[0].numpy(), 0.0).shape == (1, 4, 10)
    assert (view.frame(x[0].numpy(), 1.0) == x[0, :, :, 3:7].numpy()).all()
