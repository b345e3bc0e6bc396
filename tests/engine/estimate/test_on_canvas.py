"""The owner of a canvas: of its states it says what a network says, and it is asked nothing itself."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose import Conditioning, LawError, NoiseLevel, RecipeError, make, prompted
from superpose.estimate.lawful import check_law
from superpose.estimate.on_canvas import OnCanvas, misshapen
from superpose.testing.predictors import TinyPredictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


class Latent(TinyPredictor):
    """Paints latents, twice as large as which its pictures are; both ways depend on the place in an image."""

    image_shape = (3, 16, 16)

    def encode(self, images):
        return images[..., ::2, ::2] + torch.arange(float(images.shape[-2] // 2)).view(-1, 1)

    def decode(self, states):
        lowered = states - torch.arange(float(states.shape[-2])).view(-1, 1)
        return lowered.repeat_interleave(2, -1).repeat_interleave(2, -2)


def test_it_has_the_canvas_s_size_and_all_else_from_the_network():
    network = Latent()
    canvas = OnCanvas(network, (3, 16, 24), 2)
    assert (canvas.shape, canvas.image_shape) == ((3, 16, 24), (3, 32, 48))
    for name in ("schedule", "process", "parameterization", "learned_variance", "clip", "device", "differentiable"):
        assert getattr(canvas, name) == getattr(network, name), name
    assert canvas.condition("a").tensors.keys() == network.condition("a").tensors.keys()
    assert canvas.conditioning(None, None) is None


def test_canvases_are_encoded_and_decoded_each_for_itself():
    network = Latent()
    canvas, alone = OnCanvas(network, (3, 16, 8), 2), torch.randn(2, 2, 3, 8, 8)
    whole = torch.cat(tuple(alone), -2)
    assert torch.equal(canvas.decode(whole), torch.cat([network.decode(one) for one in alone], -2))
    pictures = canvas.decode(whole)
    assert torch.equal(canvas.encode(pictures), torch.cat([network.encode(p) for p in pictures.chunk(2, -2)], -2))
    one = OnCanvas(network, (3, 16, 8))
    assert torch.equal(one.decode(whole), network.decode(whole))


class Neighbours(Latent):
    """A decoder that reads two places around each, and pads with zeros; its encoder likewise."""

    def decode(self, states):
        return blurred(states, 2).repeat_interleave(2, -1).repeat_interleave(2, -2)

    def encode(self, images):
        return blurred(images, 4)[..., ::2, ::2]


def blurred(x, reach):
    kernel = torch.arange(1.0, 2 * reach + 2).outer(torch.arange(2.0, 2 * reach + 3))[None, None].repeat(3, 1, 1, 1)
    return torch.nn.functional.conv2d(x, kernel.to(x) / kernel.sum(), padding=reach, groups=3)


@given(joined=st.sampled_from([(-1,), (-2,), (-2, -1)]), by=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_a_canvas_that_is_rolled_along_joined_edges_is_the_rolled_picture(joined, by, seed):
    canvas, edged = (OnCanvas(Neighbours(), (3, 8, 12), joined=axes) for axes in (joined, ()))
    x = torch.randn(2, 3, 8, 12, generator=torch.Generator().manual_seed(seed))
    for axis in joined:
        rolled = canvas.decode(x).roll(2 * by, axis)
        torch.testing.assert_close(canvas.decode(x.roll(by, axis)), rolled, rtol=0, atol=1e-6)
        if by % x.shape[axis]:
            assert (edged.decode(x.roll(by, axis)) - edged.decode(x).roll(2 * by, axis)).abs().max() > 1e-3
    pictures = torch.randn(1, 3, 16, 24, generator=torch.Generator().manual_seed(seed))
    for axis in joined:
        rolled = canvas.encode(pictures).roll(by, axis)
        torch.testing.assert_close(canvas.encode(pictures.roll(2 * by, axis)), rolled, rtol=0, atol=1e-6)
    assert torch.equal(canvas.decode(x)[:, :, 4:12, 4:20], edged.decode(x)[:, :, 4:12, 4:20])


def test_the_seam_of_a_decoder_with_norms_over_the_picture_is_gone_but_for_those():
    network = make("model", "glyphs-ldm").load()
    joined, edged = (OnCanvas(network, (4, 8, 24), joined=axes) for axes in ((-1,), ()))
    x = torch.randn(1, 4, 8, 24, generator=torch.Generator().manual_seed(0))

    def off(canvas, by):
        return float((canvas.decode(x.roll(by, -1)) - canvas.decode(x).roll(4 * by, -1)).abs().max())

    for by in (1, 5, 12):
        assert off(joined, by) < 0.2 * off(edged, by)


class Enlarging(TinyPredictor):
    """Lays the picture before, enlarged to the size of the noise and blurred across edges, and noise."""

    def conditioning(self, low, noise):
        large = torch.nn.functional.interpolate(low, noise("low").shape[2:], mode="bilinear")
        return Conditioning(large + noise("low"), {"own": torch.full((len(low),), 3)})


def test_what_lies_beside_canvases_is_laid_beside_each_and_goes_round_joined_edges():
    noise = torch.randn(2, 3, 16, 12, generator=torch.Generator().manual_seed(0))
    low = torch.randn(2, 3, 8, 6, generator=torch.Generator().manual_seed(1))
    network = Enlarging((3, 8, 8))
    drawn = OnCanvas(network, (3, 16, 12), 2).conditioning(low, lambda *_: noise)
    for part, small, own in zip(*(each.chunk(2, -2) for each in (drawn.channels, low, noise)), strict=True):
        assert torch.equal(part, network.conditioning(small, lambda *_, own=own: own).channels)
    assert drawn.per_sample["own"].tolist() == [3, 3]
    around = OnCanvas(network, (3, 16, 12), joined=(-1,))
    one = around.conditioning(low, lambda *_: noise).channels
    rolled = around.conditioning(low.roll(1, -1), lambda *_: noise.roll(2, -1)).channels
    torch.testing.assert_close(rolled, one.roll(2, -1), rtol=0, atol=1e-6)
    plain = OnCanvas(network, (3, 16, 12)).conditioning(low, lambda *_: noise).channels
    assert torch.equal(plain, network.conditioning(low, lambda *_: noise).channels)
    assert (plain - one)[..., 2:-2].abs().max() == 0


def test_what_a_network_gives_a_sample_is_given_on_a_canvas_too():
    class Coded(TinyPredictor):
        def conditioning(self, low, noise):
            return Conditioning(per_sample={"own": noise("own").flatten(1)[:, :4]})

    noise = torch.randn(2, 3, 16, 12, generator=torch.Generator().manual_seed(0))
    laid = OnCanvas(Coded((3, 8, 8)), (3, 16, 12)).conditioning(None, lambda *_: noise)
    assert laid.channels is None
    assert torch.equal(laid.per_sample["own"], noise.flatten(1)[:, :4])


def test_a_network_that_lays_its_own_size_is_refused():
    class Fixed(TinyPredictor):
        def conditioning(self, low, noise):
            return Conditioning(torch.zeros(len(low), *self.shape))

    with pytest.raises(RecipeError, match="lays pictures of its own size beside a canvas"):
        OnCanvas(Fixed((3, 8, 8)), (3, 8, 24)).conditioning(torch.zeros(1, 3, 4, 12), lambda *_: torch.zeros(1))


def test_the_network_is_not_asked_about_a_whole_canvas():
    canvas = OnCanvas(TinyPredictor(), (3, 8, 24))
    with pytest.raises(LawError, match="sees images of 8x8, and is shown 8x24: show it parts of its size"):
        canvas.predict(torch.zeros(1, 3, 8, 24), LEVEL, {})
    assert "8x8" in misshapen((3, 8, 8), (3, 16, 16))


def test_a_tree_that_shows_a_network_another_size_is_unlawful():
    with pytest.raises(LawError, match="sees images of 8x8, and is shown 8x24"):
        check_law(prompted(TinyPredictor(), "a"), (3, 8, 24), [LEVEL])
