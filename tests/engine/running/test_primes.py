"""Prime images to print: laid on each other as the pages say they show what the image shows, at their true size."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import superpose
from made_images import forged, made, pixels
from superpose import RecipeError, make, primes, replay
from superpose.cli import main
from superpose.media.png import read_origin
from superpose.media.prime_pages import MARGIN

WIDTH, DOT = 32, 8  # millimetres of a sheet, and pixels of a millimetre in these tests
RECIPE = Path(__file__).parents[3] / "recipes" / "methods" / "overlay-turned.toml"
TURNED = '[[view]]\nkind = "rotate"\ndegrees = {}\nprompt = "{}"\n'
FOUR = '[[view]]\nkind = "identity"\nprompt = "A"\n' + "".join(TURNED.format(90 * k, "BCD"[k - 1]) for k in (1, 2, 3))
OVER = '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "flip"\naxis = "horizontal"\nprompt = "B"\n'
CANVASES = "".join(f'[[view]]\nkind = "canvas"\nnumber = {k}\nprompt = "{k}"\n' for k in range(4))
HIDDEN = CANVASES + '[[view]]\nkind = "overlay"\nprompt = "X"\nprinter = true\n'
CROSSED = '[[view]]\nkind = "overlay"\nturns = [0, {}]\nprompt = "{}"\n'
OVERLAID = "".join(CROSSED.format(k, "ABCD"[k]) for k in range(4))
#: Illusions: how many sheets, and how those that lie there are turned for each view.
ILLUSIONS = {
    "flip": (OVER, 1, [{0: (0, False)}, {0: (0, True)}]),
    "four rotations": (FOUR, 1, [{0: (k, False)} for k in range(4)]),
    "rotation overlay": (OVERLAID, 2, [{0: (0, False), 1: (k, False)} for k in range(4)]),
    "hidden overlay": (HIDDEN, 4, [*({k: (0, False)} for k in range(4)), dict.fromkeys(range(4), (0, False))]),
}


def image_of(path, name, values=None):
    shows, sheets, _ = ILLUSIONS[name]
    return made(path, shows, pixels(16 * sheets, 16, seed=len(name)) if values is None else values)


def smooth(sheets):
    """Sheets that no interpolation changes much: ramps, another in each channel, each sheet brighter than the last."""
    ramp = np.broadcast_to(np.linspace(0, 255, 16), (16, 16))
    one = np.stack([ramp, ramp.T, 255 - ramp], -1)
    return np.concatenate([one + (255 - one) * k / 8 for k in range(sheets)]).round().astype(np.uint8)


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def laid(sheets, turns):
    """Printed sheets on each other as somebody lays them: each turned over or not and turned, light through all."""
    light = 1.0
    for number, (quarters, over) in turns.items():
        sheet = Image.fromarray(sheets[number])
        sheet = sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if over else sheet
        light = light * np.asarray(sheet.rotate(90 * quarters), float) / 255
    return light if len(turns) == 1 else np.tanh(3 * light)


@pytest.mark.parametrize("name", ILLUSIONS)
def test_printed_sheets_laid_by_the_rule_show_what_the_views_show(tmp_path, name):
    whole = image_of(tmp_path / "a.png", name)
    shows, count, ways = ILLUSIONS[name]
    files = primes(tmp_path / "a.png", tmp_path / "out", width=WIDTH, scale=1, pages=False)
    assert [path.name for path in files.images] == [f"a-prime-{k}.png" for k in range(1, count + 1)]
    assert files.pages is None
    sheets = [opened(path) for path in files.images]
    assert np.array_equal(np.concatenate(sheets), whole)
    x = torch.from_numpy(whole.copy()).permute(2, 0, 1)[None].double() / 127.5 - 1
    views = tomllib.loads(shows)["view"]
    for table, turns in zip(views, ways, strict=True):
        view = make("view", **{key: value for key, value in table.items() if key != "prompt"})
        seen = (view.apply(x)[0].permute(1, 2, 0).numpy() + 1) / 2
        np.testing.assert_allclose(laid(sheets, turns), seen, atol=1e-12)


def rendered(path):
    """Pages of a PDF as pixels, their sizes and their trim boxes in millimetres, and their words."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(path)
    found = []
    for page in document:
        shown = np.asarray(page.render(scale=DOT * 25.4 / 72).to_pil().convert("RGB")).astype(int)
        size, trim = ([value * 25.4 / 72 for value in each] for each in (page.get_size(), page.get_trimbox()))
        found.append((shown, size, trim, " ".join(page.get_textpage().get_text_bounded().split())))
    document.close()
    return found


@pytest.mark.parametrize("name", ILLUSIONS)
def test_pages_are_of_true_size_and_show_each_sheet_and_each_way_of_laying_them(tmp_path, name):
    _, count, ways = ILLUSIONS[name]
    image_of(tmp_path / "a.png", name, smooth(count))
    files = primes(tmp_path / "a.png", width=WIDTH, scale=DOT * WIDTH // 16)
    sheets = [opened(path) for path in files.images]
    pages = rendered(files.pages)
    wants = [sheet / 255 for sheet in sheets] + [laid(sheets, turns) for turns in ways]
    assert len(pages) == len(wants) + (name == "hidden overlay"), "with a printer, a page of what a middling one makes"
    corner = slice(round(MARGIN * DOT) + 2, round((MARGIN + WIDTH) * DOT) - 2)
    for (shown, (wide, tall), (left, low, right, high), _), want in zip(pages, wants, strict=False):
        assert wide == pytest.approx(WIDTH + 2 * MARGIN, abs=1e-3)
        assert right - left == pytest.approx(WIDTH, abs=1e-3)
        assert high - low == pytest.approx(WIDTH, abs=1e-3)
        assert (left, tall - high) == pytest.approx((MARGIN, MARGIN), abs=1e-3), "the margin is the same around"
        off = abs(shown[corner, corner] - 255 * want[2:-2, 2:-2])
        assert off.max() <= 8, "half a pixel of the steepest ramp"
        assert np.median(off) <= 1
    texts = [text for *_, text in pages]
    film = name != "four rotations"
    assert all(f"Sheet {k + 1} of {count}." in texts[k] for k in range(count))
    assert all(("transparent film" in text) == film for text in texts[:count])


@pytest.mark.parametrize(
    ("name", "page", "says"),
    [
        (
            "rotation overlay",
            3,
            "What is seen: 'B'. In front of a bright light, from the lowest up: sheet 1, as it is;",
        ),
        ("rotation overlay", 3, "sheet 2, a quarter turn against the clock. Lay cross on cross."),
        ("rotation overlay", 4, "sheet 2, upside down"),
        ("four rotations", 4, "What is seen: 'D'. Sheet 1, a quarter turn with the clock."),
        ("flip", 2, "Sheet 1, turned over left to right. Seen from behind, against the light."),
        ("hidden overlay", 9, "What is seen where the printer is a middling one: 'X'."),
    ],
)
def test_pages_say_which_sheet_lies_where(tmp_path, name, page, says):
    image_of(tmp_path / "a.png", name)
    files = primes(tmp_path / "a.png", width=120, scale=1)
    assert says in rendered(files.pages)[page][3]


def test_numbers_stand_where_the_tops_of_their_sheets_lie_and_crosses_fall_on_crosses(tmp_path):
    image_of(tmp_path / "a.png", "rotation overlay")
    pages = [shown for shown, *_ in rendered(primes(tmp_path / "a.png", width=WIDTH, scale=1).pages)]
    side, edge = round((WIDTH + 2 * MARGIN) * DOT), round(MARGIN * DOT)
    pages = [page[:side, :side].min(-1) < 128 for page in pages]
    middle = slice(side // 2 - edge, side // 2 + edge)
    # Number 1 of the first page, and the right and left ends of the three others, where number 2 has gone.
    tops = [page[: edge - 4, middle].any() for page in pages]
    lefts = [page[middle, : edge - 4].any() for page in pages]
    feet = [page[side - edge + 4 :, middle].any() for page in pages]
    rights = [page[middle, side - edge + 4 :].any() for page in pages]
    assert tops == [True] * 6
    assert lefts == [False, False, False, True, False, False]
    assert feet == [False, False, False, False, True, False]
    assert rights == [False, False, False, False, False, True]
    first = np.zeros_like(pages[0])
    for rows in (slice(0, edge - 4), slice(side - edge + 4, side)):
        for columns in (slice(0, edge - 4), slice(side - edge + 4, side)):
            first[rows, columns] = pages[0][rows, columns]
    assert first.any()
    grown = first.copy()
    for axis in (0, 1):
        grown |= np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
    assert all(not (np.rot90(first, k) & ~grown).any() for k in range(4)), "a cross lies beside the others'"


@pytest.mark.parametrize(("width", "scale", "side"), [(100.0, None, 1184), (50.8, None, 608), (25.4, 2, 32)])
def test_files_know_their_size_on_paper(tmp_path, width, scale, side):
    image_of(tmp_path / "a.png", "rotation overlay")
    for path in primes(tmp_path / "a.png", width=width, scale=scale, pages=False).images:
        data = path.read_bytes()
        at = data.index(b"pHYs") + 4
        along, down = (int.from_bytes(data[at + i : at + i + 4], "big") for i in (0, 4))
        assert (along, data[at + 8]) == (down, 1), "pixels a metre"
        with Image.open(path) as image:
            assert image.size == (side, side)
        assert 1000 * side / along == pytest.approx(width, rel=1e-3)


def test_a_sheet_is_made_again_to_the_byte_and_is_no_image_of_its_run(tmp_path, capsys):
    run = ["run", str(RECIPE), "--set", "scheduler.steps=2", "--samples", "1", "--out", str(tmp_path / "run")]
    assert main([*run, "--device", "cpu"]) == 0
    files = primes(tmp_path / "run" / "0000.png", scale=2, pages=False)
    for path in files.images * 2:  # a second time there is nothing in the way
        again = replay(path, tmp_path / "again", device="cpu")
        assert again.read_bytes() == path.read_bytes()
    first = tmp_path / "run" / "0000.png"
    assert replay(first, tmp_path / "again", device="cpu").read_bytes() == first.read_bytes()
    assert main(["gallery", str(tmp_path / "run")]) == 0
    assert main(["animate", str(tmp_path / "run"), "--out", str(tmp_path / "films")]) == 0
    assert len([*(tmp_path / "films").iterdir()]) == 1
    capsys.readouterr()
    assert main(["show", str(files.images[1])]) == 0
    assert "printed  sheet 2 of 2, 100 mm wide" in capsys.readouterr().out
    assert main([*run, "--resume"]) == 0, "it goes on as if no sheets were there"


def test_a_sheet_of_a_particle_is_made_again(tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddpm"\nsteps = 4\n'
        + FOUR
        + '[population]\nkind = "feynman-kac"\nsize = 4\n'
    )
    assert main(["run", str(recipe), "--out", str(tmp_path / "run"), "--device", "cpu"]) == 0
    [sheet] = primes(tmp_path / "run" / "0000.png", scale=2, pages=False).images
    assert replay(sheet, tmp_path / "again", device="cpu").read_bytes() == sheet.read_bytes()
    assert read_origin(sheet).lineage == read_origin(tmp_path / "run" / "0000.png").lineage != ()


def test_a_sheet_is_not_looked_at_by_itself(tmp_path):
    image_of(tmp_path / "a.png", "rotation overlay")
    [sheet, _] = primes(tmp_path / "a.png", scale=1, pages=False).images
    for command in (primes, superpose.animate, superpose.puzzle):
        with pytest.raises(RecipeError, match=r"a-prime-1.png: a sheet to print of an image: name the image"):
            command(sheet)


@pytest.mark.parametrize(
    "printed", [[0, 0, 1, 100.0], [2, 2, 1, 100.0], [0, 2, 0, 100.0], [0, 2, 1, "100"], [0, 2, 1], "none", [True]]
)
def test_a_strangers_sheet_is_told(tmp_path, printed):
    made(tmp_path / "a.png")
    text = json.loads(read_origin(tmp_path / "a.png").to_json()) | {"printed": printed}
    with pytest.raises(ValueError, match="not written by superpose: printed is no sheet"):
        superpose.media.png.Origin.from_json(json.dumps(text))


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        ((0, 3, 1, 100.0), "is not 3 equal sheets"),
        ((0, 2, 9999, 100.0), "more than 8192"),
        ((0, 2, 1, 1e9), "width must"),
    ],
)
def test_a_strangers_sheet_that_can_t_be_is_refused(tmp_path, printed, says):
    made(
        tmp_path / "a.png",
        OVERLAID,
        pixels(64, 32),
        'model = {kind = "glyphs"}\ncanvas = {count = 2}\nscheduler = {kind = "sds", steps = 1}\n',
    )
    forged(tmp_path / "a.png", tmp_path / "b.png", printed=superpose.media.png.Print(*printed))
    with pytest.raises(RecipeError, match=says):
        replay(tmp_path / "b.png", tmp_path / "out", device="cpu", tell=list)


@pytest.mark.parametrize(
    ("shows", "options", "says"),
    [
        (
            OVER + '[[view]]\nkind = "negate"\nprompt = "C"\n',
            {},
            r"a.png: view 2 \(negate\) shows what no whole sheets",
        ),
        ('[[view]]\nkind = "jigsaw"\nprompt = "C"\n', {}, "superpose puzzle prints what is cut"),
        ('prompt = "A"', {}, "it has no views"),
        (FOUR, {"width": 1}, "width must be between 10 and 2000 millimetres, got 1"),
        (FOUR, {"scale": 0}, "scale must be at least 1, got 0"),
        (FOUR, {"scale": 9999}, "scale = 9999 makes more than 8192 pixels a side: use 512 at most"),
    ],
)
def test_what_is_no_stack_of_sheets_is_refused_and_nothing_is_left(tmp_path, shows, options, says):
    made(tmp_path / "a.png", shows)
    with pytest.raises(RecipeError, match=says):
        primes(tmp_path / "a.png", **options)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_views_of_other_sheets_than_the_first_are_refused(tmp_path):
    shows = '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "canvas"\nprompt = "B"\n'
    made(tmp_path / "a.png", shows, pixels(32, 16))
    with pytest.raises(RecipeError, match="view 0 takes it for 1 sheets, and view 1 for 2: let all its views show"):
        primes(tmp_path / "a.png")


def test_files_that_are_there_are_kept(tmp_path):
    made(tmp_path / "a.png", FOUR)
    (tmp_path / "a-prime-1.png").write_text("mine")
    with pytest.raises(RecipeError, match=r"a-prime-1.png is there already: choose another folder with --out"):
        primes(tmp_path / "a.png", pages=False)
    assert primes(tmp_path / "a.png", pages=False, overwrite=True).images[0].read_bytes().startswith(b"\x89PNG")
