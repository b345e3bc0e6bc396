"""Canvases of recipes: edges that views join, and cascades that paint over canvases as over images."""

import pytest
import torch

from superpose import MistakesError, compose, inspect, loads
from superpose.running.painted_on import joined_axes

HEAD = "model = {kind = 'glyphs'}\nscheduler = {kind = 'ddim', steps = 2}\nrun = {samples = 2, threads = 1}\n"
STAGE = "[[stage]]\nmodel = {kind = 'glyphs-cascade'}\nscheduler = {kind = 'ddim', steps = 2}\n"
AROUND = "kind = 'panorama'\nsize = [16, 16]\nwrap = '{}'\nprompt = 'A'\n"


def joined(text, size=(32, 32)):
    return joined_axes(loads(HEAD + f"canvas = {{size = {list(size)}}}\n" + text).subject, (3, *size))


def run(text, samples=(0, 1)):
    low = None
    for stage in compose(loads(text)).stages:
        low = stage.trajectory(samples, low).run()
    return low


@pytest.mark.parametrize(
    ("wrap", "axes"), [("none", set()), ("width", {-1}), ("height", {-2}), ("both", {-2, -1})], ids=str
)
def test_a_view_that_goes_round_joins_edges(wrap, axes):
    assert joined("[[view]]\n" + AROUND.format(wrap)) == axes


@pytest.mark.parametrize(
    ("outer", "axes"),
    [
        ("kind = 'identity'", {-1}),
        ("kind = 'rotate'\ndegrees = 180", {-1}),
        ("kind = 'flip'", {-1}),
        ("kind = 'rotate'\ndegrees = 90", {-2}),
        ("kind = 'jigsaw'", set()),
        ("kind = 'window'\nsize = [32, 16]", set()),
        ("kind = 'window'\nsize = [16, 32]", {-1}),
    ],
)
def test_inside_another_view_the_edges_are_those_of_the_image_that_come_to_lie_there(outer, axes):
    assert joined(f"[[view]]\n{outer}\n[[view.view]]\n" + AROUND.format("width")) == axes


def test_in_a_chain_and_in_parts_they_are_as_well():
    chain = "[[view]]\nkind = 'chain'\nviews = [{kind = 'rotate'}, {kind = 'panorama', wrap = 'width'}]\nprompt = 'A'\n"
    assert joined(chain) == {-1}
    part = "[decomposition]\nkind = 'hybrid'\nlow = 'A'\n[[decomposition.high.view]]\n" + AROUND.format("height")
    assert joined(part) == {-2}


def test_what_goes_round_several_canvases_goes_round_none_of_them():
    text = HEAD + "canvas = {count = 2, size = [32, 32]}\n[[view]]\n" + AROUND.format("both")
    assert compose(loads(text.replace("[16, 16]", "[32, 32]"))).stages[0].predictor.joined == (-1,)


def test_a_cascade_on_a_canvas_as_large_as_an_image_is_the_plain_cascade_bit_for_bit():
    plain = run(HEAD + "prompt = 'A'\n" + STAGE)
    for canvas in ("canvas = {}\nprompt = 'A'\n", "canvas = {}\n[[view]]\nkind = 'panorama'\nprompt = 'A'\n"):
        assert torch.equal(run(HEAD + canvas + STAGE), plain), canvas


def test_windows_that_do_not_overlap_are_each_the_cascade_of_an_image():
    """Each is shown its part of what the stage before painted, and of the noise."""
    views = "".join(f"[[view]]\nkind = 'window'\nleft = {32 * i}\nprompt = '{each}'\n" for i, each in enumerate("AV"))
    text = HEAD + "canvas = {size = [32, 64]}\n" + views + STAGE
    both, alone = run(text), run(text, [1])
    assert both.shape == (2, 3, 64, 128)
    assert torch.equal(both[1:], alone)
    first, second = compose(loads(text)).stages
    low = first.trajectory([0]).run()
    wide = second.trajectory([0], low)
    laid = wide.conditioning.channels
    assert laid.shape == (1, 3, 64, 128)
    assert inspect(loads(text)).stages[1].rows == 2
    # Beyond the edge that both share the enlargement reads the neighbour, and no further.
    _, plain = compose(loads(HEAD + "prompt = 'A'\n" + STAGE)).stages
    own = plain.predictor.conditioning(low[..., :32].contiguous(), lambda *_: torch.zeros(1, 3, 64, 64)).channels
    wanted = second.predictor.conditioning(low, lambda *_: torch.zeros(1, 3, 64, 128)).channels
    torch.testing.assert_close(wanted[..., :63], own[..., :63], rtol=0, atol=1e-6)


SMALL = """
model = {kind = "small-first"}
scheduler = {kind = "ddim", steps = 2}
canvas = {size = [%d, 8]}
view = [{kind = "panorama", prompt = "cat"}]
stage = [{model = {kind = "small-larger", size = %d}, scheduler = {kind = "ddim", steps = 2}}]
"""


@pytest.mark.usefixtures("small")
def test_a_canvas_that_does_not_become_whole_pixels_is_refused():
    with pytest.raises(
        MistakesError, match="a canvas of 9x8 pixels becomes 14x12 by small-larger: give it a size whose"
    ):
        inspect(loads(SMALL % (9, 12)))


@pytest.mark.usefixtures("small")
def test_a_network_that_enlarges_to_its_own_size_alone_is_refused_on_another_canvas():
    with pytest.raises(
        MistakesError,
        match=r"canvas: small-larger enlarges to pictures of its own size alone, and .* use another",
    ):
        inspect(loads(SMALL % (16, 16)))
    assert inspect(loads(SMALL % (8, 16))).stages, "a canvas as large as its images is the plain cascade"
