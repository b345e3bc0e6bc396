"""Denoisers that are asked about clean images, and arrangements of these."""

import attrs
import pytest
import torch

import superpose
from superpose import Arrangement, LawError, RecipeError, make, prompted, viewed
from superpose.estimate.noised import Arranged, Noised, clipped
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

SHAPE = (3, 8, 8)
NETWORK = TinyPredictor(SHAPE)
LEVEL = NETWORK.schedule.level(0, 400)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@attrs.frozen(kw_only=True)
class Curved(Arrangement):
    """Bends values, so that slopes are not what they are elsewhere."""

    kind = "curved"

    def apply(self, x):
        return torch.sin(x)


def asked(denoiser, image, noise):
    return superpose.evaluate(Noised(denoiser, 3), torch.cat((image, noise), 1), LEVEL).clean


def test_a_denoiser_is_asked_about_the_noised_image():
    image, noise, inner = drawn(2, *SHAPE), drawn(2, *SHAPE, seed=1), prompted(NETWORK, "cat")
    want = superpose.evaluate(inner, LEVEL.alpha * image + LEVEL.sigma * noise, LEVEL).clean
    torch.testing.assert_close(asked(inner, image, noise), want)


def test_orthogonal_views_that_are_arranged_are_their_mix():
    image = drawn(2, *SHAPE)
    pairs = [
        (make("view", name), prompted(NETWORK, prompt)) for name, prompt in (("identity", "cat"), ("negate", "dog"))
    ]
    views, denoisers = zip(*pairs, strict=True)
    arranged = Arranged(views, denoisers, (0.3, 0.7))
    mixed = viewed(pairs, [0.3, 0.7])
    none = image * 0  # of noise each image that is shown has its own, which the mix shows through the view
    torch.testing.assert_close(asked(arranged, image, none), asked(mixed, image, none), atol=1e-5, rtol=1e-5)


def test_the_slope_goes_through_the_arrangement_and_not_through_the_network():
    image, noise, inner = drawn(2, *SHAPE), drawn(2, *SHAPE, seed=1), prompted(NETWORK, "cat")
    shown = torch.sin(image)
    clean = superpose.evaluate(inner, LEVEL.alpha * shown + LEVEL.sigma * noise, LEVEL).clean
    want = image - torch.cos(image) * (shown - clean)
    torch.testing.assert_close(asked(Arranged((Curved(),), (inner,), (1.0,)), image, noise), want)


def test_they_take_turns():
    image, noise = drawn(1, *SHAPE), drawn(1, *SHAPE, seed=1)
    inner = [prompted(NETWORK, prompt) for prompt in ("cat", "dog")]
    arranged = Arranged((Curved(), Curved()), inner, (0.5, 0.5), turns=True)
    plan = make("scheduler", "sds", steps=4).plan(NETWORK.schedule)
    for step in range(4):
        level = plan.asked(step)
        got = superpose.evaluate(Noised(arranged, 3), torch.cat((image, noise), 1), level).clean
        alone = Arranged((Curved(),), (inner[step % 2],), (1.0,))
        assert torch.equal(got, superpose.evaluate(Noised(alone, 3), torch.cat((image, noise), 1), level).clean)
    with pytest.raises(superpose.RunError, match="take turns by the number of the step"):
        asked(arranged, image, noise)


def test_what_is_seen_and_what_is_optimised_are_kept_in_range():
    network = GaussianPredictor(SHAPE, means={"cat": 9.0}, std=0.01)
    arranged = clipped(Arranged((Curved(),), (prompted(network, "cat"),), (1.0,)), make("clip", "static"))
    got = asked(arranged, torch.full((1, *SHAPE), 0.9), drawn(1, *SHAPE))
    assert float(got.max()) <= 1
    x = torch.full((1, *SHAPE), 0.2)
    want = x - torch.cos(x) * (torch.sin(x) - 1)  # it sees 9, kept at 1
    torch.testing.assert_close(asked(arranged, x, x * 0), want.clamp(-1, 1))


def test_noisy_states_are_not_arranged():
    arranged = Arranged((Curved(),), (prompted(NETWORK, "cat"),), (1.0,))
    with pytest.raises(LawError, match="use a scheduler that moves clean images"):
        superpose.evaluate(arranged, drawn(1, *SHAPE), LEVEL)

    @attrs.frozen(eq=False)
    class Looks(superpose.Denoiser):
        inner: superpose.Denoiser

        def estimate(self, x, level):
            return (yield from self.inner.estimate(x, level))

    with pytest.raises(RecipeError, match="an arrangement is looked at as it is"):
        Noised(Looks(arranged), 3)
    with pytest.raises(RecipeError, match="an arrangement is looked at as it is"):
        Noised(arranged, 3, images=2)
    arranged.check(SHAPE)
