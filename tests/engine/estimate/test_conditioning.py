"""Concat conditioning under views: pictures are shown as the state is, masks go along and never change sign."""

from pathlib import Path

import attrs
import pytest
import torch
from PIL import Image

from moving import moves_values
from problems import shows_all
from small_models import Beheld
from superpose import (
    ChannelGroup,
    Conditioning,
    LawError,
    Noise,
    Prediction,
    RecipeError,
    Trajectory,
    View,
    guided,
    inspect,
    loads,
    make,
    prompted,
    viewed,
)
from superpose.estimate import conditioning
from superpose.estimate.conditioning import Seen, misfit
from superpose.plugins import load_plugins
from superpose.testing import check_predictor, variants
from superpose.testing.predictors import TinyPredictor

FIXTURE = Path(__file__).parents[2] / "fixtures" / "ldm_c_inpaint"
LDM_INPAINTING = f'[model]\nkind = "ldm"\npath = "{FIXTURE}/model.ckpt"\nconfig = "{FIXTURE}/config.yaml"\n'
SIZES = [(3, 8, 8), (4, 9, 9)]
#: Views that move values and no more, whose runs are the turned ones to the last bit.
VIEWS = [
    pytest.param(view, size, id=f"{view}-{size[1]}")
    for cls in load_plugins().kinds("view").values()
    for view in variants(cls)
    for size in SIZES
    if shows_all(view, size) and moves_values(view, size)
]


def noise(rows, shape=(3, 8, 8), seed=0):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


class Painter(TinyPredictor):
    """A random network that sees a mask and a picture beside the state, as Stable Diffusion's inpainting does."""

    def __init__(self, shape):
        super().__init__((2 * shape[0] + 1, *shape[1:]))
        self.shape, self.masks = shape, []
        self.concat_conditioning = (ChannelGroup(1, "mask"), ChannelGroup(shape[0]))

    def predict(self, x, level, conditioning):
        self.masks.append(x[:, self.shape[0] : self.shape[0] + 1])
        return Prediction(super().predict(x, level, conditioning).output[:, : self.shape[0]])


def run(network, denoiser, conditioning, turn=lambda x: x):
    class Turned:
        def draw(self, step, purpose="step"):
            return turn(Noise(0, (0, 1), network.shape).draw(step, purpose))

    method = make("scheduler", "ddpm", steps=3)
    plan = method.plan(network.schedule)
    return Trajectory(
        denoiser, method, plan, Turned(), batch_size=3, predictor=network, conditioning=conditioning
    ).run()


@pytest.mark.parametrize(("view", "size"), VIEWS)
def test_one_view_is_a_plain_run_on_the_turned_picture_and_the_moved_mask(view, size):
    network, picture = Painter(size), noise(2, size, seed=1)
    mask = (noise(2, (1, *size[1:]), seed=2) > 0).float()
    cat = guided(prompted(network, "cat"), prompted(network, ""), 3.0)
    one = viewed([(view, cat)], channels=size[0], conditioning=network.concat_conditioning)
    one.check(size)
    seen = view.apply(run(network, one, Conditioning(torch.cat((mask, view.invert(picture)), 1)), turn=view.invert))
    shown = network.masks.copy()
    # Of a mask of zeros and ones, what a view that moves values shows is the moved mask, but for a sign.
    moved = view.apply(mask.expand(2, *size).contiguous())[:, :1].abs()
    plain = run(network, cat, Conditioning(torch.cat((moved, picture), 1)))
    assert torch.equal(seen, plain), f"{view} at {size} is {float((seen - plain).abs().max()):.3g} off"
    assert {float(value) for block in shown for value in block.unique()} <= {0.0, 1.0}, "a mask has lost its values"


@attrs.frozen(kw_only=True)
class Mixing(View):
    """Mixes neighbouring columns by an angle: orthogonal, and no place of it comes from one place."""

    kind = "mixing"

    def apply(self, x):
        a, b = x[..., ::2], x[..., 1::2]
        return torch.stack(((a + b) / 2**0.5, (a - b) / 2**0.5), -1).flatten(-2)

    invert = apply

    def apply_to_variance(self, variance):
        a, b = variance[..., ::2], variance[..., 1::2]
        return torch.stack(((a + b) / 2, (a + b) / 2), -1).flatten(-2)


@attrs.frozen(kw_only=True)
class Apart(View):
    """Moves the first channel alone."""

    kind = "apart"

    def apply(self, x):
        return torch.cat((x[:, :1].flip(-1), x[:, 1:]), 1)

    invert = apply


MASK, MARKED = (ChannelGroup(1, "mask"),), (ChannelGroup(4, "marked"), ChannelGroup(1, "mask"))


@pytest.mark.parametrize("view", [Mixing(), Apart()])
def test_a_view_that_no_mask_can_follow_is_refused(view):
    why = misfit(view, (3, 8, 8), MASK)
    assert why is not None
    assert f"{view.kind} doesn't move the channels of a place together" in why
    with pytest.raises(LawError, match="no mask goes along"):
        Seen(view, 3, MASK)(noise(1, (4, 8, 8)))


def test_the_negative_of_a_hole_of_a_fixed_colour_is_refused():
    negate, turned = make("view", "negate"), make("view", "rotate", degrees=90)
    assert "negate would change that colour" in str(misfit(negate, (4, 8, 8), MARKED))
    assert misfit(turned, (4, 8, 8), MARKED) is None
    x = noise(2, (9, 8, 8))
    assert torch.equal(Seen(turned, 4, MARKED)(x), turned.apply(x))


def test_what_is_not_said_is_refused_where_it_is_no_picture():
    with pytest.raises(LawError, match=r"5 channels lie beside the 4 of the state, .* must say of each group"):
        Seen(make("view", "flip"), 4)(noise(1, (9, 8, 8)))


def test_the_laws_hold_what_is_said_against_what_is_laid():
    class Wrong(Beheld):
        concat_conditioning = MASK

    with pytest.raises(LawError, match="Wrong lays 3 channels beside the state, and its concat_conditioning says 1"):
        check_predictor(Wrong((3, 8, 8)), low=(3, 8, 8))


@pytest.mark.parametrize(("view", "why"), [("negate", "view.1: the network sees a picture with a hole"), ("flip", "")])
def test_an_inpainting_network_of_latent_diffusion(view, why, tmp_path):
    for name in ("image", "mask"):
        Image.new("RGB", (16, 16), "white").save(tmp_path / f"{name}.png")
    text = (
        LDM_INPAINTING + 'image = "image.png"\nmask = "mask.png"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
        f'[[view]]\nkind = "identity"\nprompt = ""\n[[view]]\nkind = "{view}"\nprompt = ""\n'
    )
    recipe = loads(text, folder=tmp_path)
    if why:
        with pytest.raises(RecipeError, match=why):
            inspect(recipe)
    else:
        assert inspect(recipe).rows == 2


def test_a_view_that_moves_no_place_as_a_whole_moves_no_values():
    """It was an unexpected error, told where another view was refused and this one looked at for the cure."""

    @attrs.frozen
    class Mixes(View):
        """Mixes places."""

        kind = "mixes"

        def apply(self, x):
            return x.roll(1, -1)

        def invert(self, x):
            return x.roll(-1, -1)

        def apply_to_variance(self, variance):
            return (variance + variance.roll(1, -1)) / 2

    assert not conditioning.moves_values(Mixes(), (3, 8, 8), 3)
