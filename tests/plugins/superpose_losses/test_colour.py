"""Distances of the mean colour."""

import pytest
import torch

from superpose import make


def test_a_colour_is_as_far_as_the_nearest_image_of_that_mean():
    loss = make("loss", "colour", colour="#ff0000").bound_to((3, 4, 4))
    red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1)
    x = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    nearest = x + red - x.mean((2, 3), keepdim=True)
    torch.testing.assert_close(loss.of(nearest), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(loss.of(x), torch.linalg.vector_norm(x - nearest, dim=(1, 2, 3)))


@pytest.mark.parametrize(("name", "same"), [("red", "#ff0000"), ("#F00", "#ff0000"), ("rebeccapurple", "#663399")])
def test_names_of_css_are_colours(name, same):
    x = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    one, other = (make("loss", "colour", colour=colour).bound_to((3, 4, 4)).of(x) for colour in (name, same))
    assert torch.equal(one, other)


def test_it_pulls_every_pixel_alike():
    x = torch.zeros(1, 3, 4, 4, requires_grad=True)
    loss = make("loss", "colour", colour="white").bound_to((3, 4, 4))
    [slope] = torch.autograd.grad(loss.of(x).sum(), x)
    torch.testing.assert_close(slope, torch.full_like(slope, -(48**-0.5)))
