"""The contact sheet shows every reading of every sample."""

import numpy as np
import pytest
import torch

from superpose import loads
from superpose.media.layout import DENSE, ROOMY
from superpose.media.sheet import RIGHT, WRONG, Given, Mark, Note, layout_of, readings, sheet

HEAD = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'


def subject(text):
    return loads(text, name="recipe").subject


def images(count=3):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('prompt = "A"\n' + HEAD, ["A"]),
        (
            HEAD
            + '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"\n',
            ["A", "V"],
        ),
        (HEAD + '[decomposition]\nkind = "hybrid"\nlow = "O"\nhigh = "X"\n', ["whole", "low: O", "high: X"]),
        (
            HEAD
            + '[decomposition]\nkind = "hybrid"\nhigh = "X"\n'
            + '[[decomposition.low.view]]\nkind = "identity"\nprompt = "n"\n'
            + '[[decomposition.low.view]]\nkind = "rotate"\ndegrees = 180\nprompt = "u"\n',
            ["whole", "low: n", "low: u", "high: X"],
        ),
        (
            'compose = {and = ["A", ""], not = ["B", {prompt = "C", weight = 0.5}]}\n' + HEAD,
            ["A AND (unconditional) NOT B NOT C"],
        ),
        (
            HEAD
            + '[compose]\nnot = ["C"]\n[[compose.and]]\nprompt = "A"\n'
            + '[[compose.and]]\nview = [{kind = "identity", prompt = "n"}, {kind = "rotate", prompt = "u"}]',
            ["A NOT C", "n", "u"],
        ),
    ],
)
def test_readings_follow_the_recipe(text, labels):
    ways = readings(subject(text))
    assert [way.label for way in ways] == labels
    for way in ways:
        assert way.show(images()).shape == (3, 3, 32, 32), way.label


def test_a_reading_shows_what_its_view_shows():
    text = HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"\n'
    upright, turned = readings(subject(text))
    x = images()
    assert torch.equal(upright.show(x), x)
    assert torch.equal(turned.show(x), x.flip(2, 3))


def squares(pixels, tile, step=8):
    """Places of a sheet where a tile stands."""
    side = len(tile)
    return [
        (y, x)
        for y in range(len(pixels) - side + 1)
        for x in range(0, pixels.shape[1] - side + 1, step)
        if np.array_equal(pixels[y, x : x + 8], tile[0, :8])
        if np.array_equal(pixels[y : y + side, x : x + side], tile)
    ]


def enlarged(pixels):
    return pixels.repeat(4, 0).repeat(4, 1)


def test_every_tile_is_on_the_sheet():
    x = images(2)
    pixels = sheet(x, subject('prompt = "A"\n' + HEAD), (0, 1))
    for image in x:
        tile = ((image + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
        assert squares(pixels, enlarged(tile))


def test_what_was_given_stands_before_the_samples():
    rng = np.random.default_rng(0)
    source, mask = rng.integers(0, 256, (32, 32, 3), np.uint8), rng.integers(0, 256, (32, 32, 1), np.uint8)
    x = images(1)
    pixels = sheet(x, subject('prompt = "A"\n' + HEAD), (0,), [Given("image", source), Given("mask", mask)])
    sample = ((x[0] + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    found = [squares(pixels, enlarged(one)) for one in (source, mask.repeat(3, 2), sample)]
    assert [len(places) for places in found] == [1, 1, 1]
    rows, columns = zip(*(places[0] for places in found), strict=True)
    assert len(set(rows)) == 1
    assert list(columns) == sorted(columns)


def test_what_was_found_is_said_without_words_or_colours_alone():
    views = '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\nprompt = "V"\n'
    notes = {4: Note("A 0.50", (Mark("0.90", True), Mark("0.50", False)))}
    plain, noted = (sheet(images(2), subject(HEAD + views), (3, 4), (), it) for it in ({}, notes))
    assert plain.shape == noted.shape
    rows, columns = np.nonzero((plain != noted).any(-1))
    assert columns.min() > plain.shape[1] // 2, "what is said of a sample stands under another"
    full, ring = ((noted == colour).all(-1) for colour in (RIGHT, WRONG))
    discs = [mark[rows.max() - 10 :].sum() for mark in (full, ring)]
    assert discs[0] > discs[1] > 0
    assert np.nonzero(full)[1].max() < np.nonzero(ring)[1].min()


def test_a_large_picture_is_shown_no_larger_than_a_sample():
    x, large = images(1), np.zeros((1000, 700, 3), np.uint8)
    plain = sheet(x, subject('prompt = "A"\n' + HEAD), (0,))
    assert sheet(x, subject('prompt = "A"\n' + HEAD), (0,), [Given("image", large)]).shape[0] == plain.shape[0]


def test_pages_have_room_for_what_was_given():
    text = subject('prompt = "A"\n' + HEAD)
    _, alone = layout_of(images(1), text, 10)
    assert layout_of(images(1), text, 10, 2) == (ROOMY, alone - 2)


ONE = 'prompt = "A"\n' + HEAD
FOUR = HEAD + '[[view]]\nkind = "rotate"\nprompt = "A"\n' * 4


@pytest.mark.parametrize(
    ("samples", "side", "text", "pages"),
    [(10, 32, ONE, 1), (10, 64, FOUR, 1), (10, 500, FOUR, 1), (2000, 32, ONE, 5), (2000, 64, FOUR, 22)],
)
def test_a_sheet_of_any_number_is_few_pages_that_a_screen_shows(samples, side, text, pages):
    one = torch.zeros(1, 3, side, side)
    layout, held = layout_of(one, subject(text), samples)
    assert -(-samples // held) == pages
    count = min(held, samples)
    page = sheet(one.expand(count, -1, -1, -1), subject(text), range(count), (), {}, layout)
    assert max(page.shape[:2]) <= 2000


@pytest.mark.parametrize("layout", [ROOMY, DENSE])
def test_a_page_shows_every_sample_and_what_was_found_of_it(layout):
    x, text = images(9), subject('prompt = "A"\n' + HEAD)
    notes = {k: Note(f"A 0.{k}0", (Mark(f"0.{k}0", k > 4),)) for k in range(9)}
    page = sheet(x, text, range(9), (), notes, layout)
    factor = layout.tile // 32
    for image in x:
        tile = ((image + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
        assert len(squares(page, tile.repeat(factor, 0).repeat(factor, 1), layout.gap)) == 1
    assert (page == RIGHT).all(-1).any()
    assert (page == WRONG).all(-1).any()
    plain = sheet(x, text, range(9), (), {}, layout)
    changed = (page != plain).any(-1)
    assert len(np.flatnonzero(np.diff(changed.any(1).astype(int)) == 1)) == 2 * len(rows_of(plain, layout))


def rows_of(page, layout):
    """Rows of samples on a page, by its height."""
    return range(round((page.shape[0] - layout.margin) / (layout.tile + 2 * layout.label + layout.margin)))


def test_a_picture_with_more_pixels_than_a_tile_is_made_smaller_not_cut():
    half = torch.full((1, 3, 512, 512), -1.0)
    half[..., 256:] = 1
    page = sheet(half, subject('prompt = "A"\n' + HEAD), (0,))
    assert page.shape == (ROOMY.largest + 2 * ROOMY.label + 2 * ROOMY.margin, ROOMY.largest + 2 * ROOMY.margin, 3)
    middle = page[page.shape[0] // 2, ROOMY.margin : -ROOMY.margin]
    assert (middle[:120] == 0).all()
    assert (middle[-120:] == 255).all()


WINDOWS = """
model = {kind = "glyphs"}
scheduler = {kind = "ddim"}
canvas = {size = [32, 64]}

[[view]]
kind = "identity"
[[view.view]]
kind = "window"
prompt = "M"
[[view.view]]
kind = "window"
left = 32
prompt = "O"

[[view]]
kind = "rotate"
degrees = 180
prompt = "A"
"""


def test_what_is_shown_in_parts_is_shown_whole_first_in_every_view():
    found = readings(loads(WINDOWS).subject)
    assert [(it.label, it.prompt) for it in found] == [("M O", None), ("M", "M"), ("O", "O"), ("A", "A")]
    phrases = loads(WINDOWS.replace('"M"', '"bold M"').replace('kind = "glyphs"', 'kind = "glyphs-ldm"'))
    assert readings(phrases.subject)[0].label == "bold M, O"
    image = torch.randn(1, 3, 32, 64)
    assert torch.equal(found[0].show(image), image)
    assert torch.equal(found[2].show(image), image[..., 32:])
    assert np.array_equal(found[0].look(image[0].numpy()), image[0].numpy())
    turned = loads(WINDOWS.replace('"identity"', '"flip"')).subject
    assert torch.equal(readings(turned)[0].show(image), image.flip(-2))


def test_canvases_of_a_sample_are_not_parts_of_one_picture():
    canvases = "".join(f"[[view]]\nkind = 'canvas'\nnumber = {i}\nprompt = '{each}'\n" for i, each in enumerate("MO"))
    text = "model = {kind = 'glyphs'}\nscheduler = {kind = 'ddim'}\ncanvas = {count = 2}\n" + canvases
    assert [it.label for it in readings(loads(text).subject)] == ["M", "O"]


def test_what_is_inside_a_panorama_is_about_one_window():
    text = "model = {kind = 'glyphs'}\nscheduler = {kind = 'ddim'}\ncanvas = {size = [32, 64]}\n"
    text += "[[view]]\nkind = 'panorama'\n"
    inside = "[view.decomposition]\nkind = 'hybrid'\nlow = 'O'\nhigh = 'X'\n"
    whole, low, high = readings(loads(text + inside).subject)
    image = torch.randn(2, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(whole.show(image), image)
    torch.testing.assert_close(low.show(image) + high.show(image), image[..., :32], atol=1e-5, rtol=0)
    assert low.look(image[0].numpy().astype(float)).shape == (3, 32, 32)
    assert whole.views is not None
    assert low.views is None
