"""Puzzles: cut lines that part the pieces, pages that show both assemblies, at their true size."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image, ImageDraw

from made_images import made
from superpose import RecipeError, make, puzzle

MM = 8  # pixels of a millimetre in these tests
VIEWS = {"jigsaw": 16, "inner-circle": 2, "square-hinge": 10, "permute": 64}
WIDTH, BLEED = 32, 2


def shows(*kinds):
    return "".join(f'[[view]]\nkind = "{kind}"\nprompt = "A"\n' for kind in kinds)


def smooth():
    """A picture that no interpolation changes much: ramps, another in each channel."""
    ramp = np.broadcast_to(np.linspace(0, 255, 16), (16, 16))
    return np.stack([ramp, ramp.T, 255 - ramp], -1).round().astype(np.uint8)


def rendered(path):
    """The pages of a PDF as pixels, `MM` a millimetre, with their trim boxes in millimetres."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(path)
    scale = MM * 25.4 / 72
    pages = [np.asarray(page.render(scale=scale).to_pil().convert("RGB")).astype(int) for page in document]
    boxes = [[round(value * 25.4 / 72, 3) for value in page.get_trimbox()] for page in document]
    document.close()
    return pages, boxes


def lines_of(path):
    """The cut lines of an SVG in millimetres, and the numbers with their places."""
    root = ET.parse(path).getroot()
    space = {"": "http://www.w3.org/2000/svg"}
    cut = root.find("g[@id='cut']", space)
    lines = []
    for shape in [*cut.findall("polyline", space), *cut.findall("polygon", space)]:
        points = [tuple(map(float, point.split(","))) for point in shape.get("points").split()]
        lines.append([*points, points[0]] if shape.tag.endswith("polygon") else points)
    numbers = {text.text: (float(text.get("x")), float(text.get("y"))) for text in root.iter(f"{{{space['']}}}text")}
    return root, lines, numbers


@pytest.mark.parametrize("kind", VIEWS)
def test_lines_part_the_pieces_and_each_has_its_number(tmp_path, kind):
    made(tmp_path / "a.png", shows("identity", kind))
    made_of = puzzle(tmp_path / "a.png", width=WIDTH, bleed=BLEED, pages=False)
    assert made_of.pages is None
    root, lines, numbers = lines_of(made_of.lines)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("36mm", "36mm", "-2 -2 36 36")
    side = WIDTH * MM
    board = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(board)
    for line in lines:
        draw.line([(x * MM, y * MM) for x, y in line], fill=0, width=2)
    assert sorted(map(int, numbers)) == list(range(1, VIEWS[kind] + 1))
    want = make("view", kind).cutting(16, 16, side // 16).labels
    for number, (x, y) in numbers.items():
        assert board.getpixel((round(x * MM), round(y * MM))) == 255, f"{number} is on a line, or in another's piece"
        ImageDraw.floodfill(board, (round(x * MM), round(y * MM)), 1 + int(number))
    filled = np.asarray(board)
    assert not (filled == 255).any(), "a piece without a number"
    inked = filled == 0
    assert (filled - 2 == want)[~inked].all(), "a line is not where pixels part"
    assert inked.mean() < 0.2


@pytest.mark.parametrize("kind", VIEWS)
def test_pages_show_both_assemblies_at_their_true_size(tmp_path, kind):
    picture = smooth()
    made(tmp_path / "a.png", shows(kind), picture)
    made_of = puzzle(tmp_path / "a.png", tmp_path / "out", width=WIDTH, bleed=BLEED, scale=MM * WIDTH // 16)
    (front, back, first, second), boxes = rendered(made_of.pages)
    whole = (WIDTH + 2 * BLEED) * MM
    assert {page.shape for page in (front, back, first, second)} == {(whole, whole, 3)}
    assert boxes == [[BLEED, BLEED, WIDTH + BLEED, WIDTH + BLEED]] * 4
    inner = np.s_[BLEED * MM : -BLEED * MM, BLEED * MM : -BLEED * MM]
    exact = np.asarray(Image.fromarray(picture).resize((WIDTH * MM, WIDTH * MM), Image.Resampling.LANCZOS))
    assert abs(front[inner] - exact).max() <= 2
    assert abs(front[: BLEED * MM] - front[BLEED * MM : 2 * BLEED * MM][::-1]).max() <= 2, "the bleed is no mirror"
    assert (back != 255).mean() < 0.15
    cutting = make("view", kind).cutting(16, 16, MM * WIDTH // 16)
    moved = cutting.assembled(exact.transpose(2, 0, 1), exact.transpose(2, 0, 1)).transpose(1, 2, 0)
    for page, want in ((first, exact), (second, moved)):
        off = abs(page[inner] - want).max(-1) > 4
        assert 0 < off.mean() < 0.4, "lines and numbers, and nothing else"
        assert np.median(abs(page[inner] - want)) <= 1


def test_numbers_of_the_back_fall_behind_their_pieces(tmp_path):
    made(tmp_path / "a.png", shows("inner-circle"))
    made_of = puzzle(tmp_path / "a.png", width=WIDTH, bleed=0)
    (_, back, *_), _ = rendered(made_of.pages)
    _, _, numbers = lines_of(made_of.lines)
    for x, y in numbers.values():
        column, row = WIDTH * MM - round(x * MM), round(y * MM)
        assert back[row - 12 : row + 2, column - 10 : column + 10].min() < 100, "no number behind its piece"


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (shows("identity", "rotate"), {}, r"a.png: no view of it cuts it into pieces that are moved \(identity, rot"),
        ('prompt = "A"', {}, r"no view of it cuts it .* \(it has no views\)"),
        (shows("identity", "jigsaw", "square-hinge"), {}, r"views 1 \(jigsaw\) and 2 \(square-hinge\) cut it: choose"),
        (shows("jigsaw"), {"view": 1}, "there is no view 1; its views are numbered from 0 to 0"),
        (shows("jigsaw"), {"width": 1}, "width must be between 10 and 2000 millimetres, got 1"),
        (shows("jigsaw"), {"bleed": -1}, "bleed must be between 0 and 50 millimetres, got -1"),
        (shows("jigsaw"), {"scale": 0}, "scale must be at least 1, got 0"),
        (shows("jigsaw"), {"scale": 10_000}, "scale = 10000 makes more than 8192 pixels a side: use 512 at most"),
        (shows("skew"), {}, r"no view of it cuts it into pieces that are moved \(skew\)"),
    ],
)
def test_what_is_no_puzzle_is_refused_and_nothing_is_left(tmp_path, text, options, says):
    made(tmp_path / "a.png", text)
    with pytest.raises(RecipeError, match=says):
        puzzle(tmp_path / "a.png", **options)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_files_that_are_there_are_kept(tmp_path):
    made(tmp_path / "a.png", shows("jigsaw"))
    (tmp_path / "a-puzzle.svg").write_text("mine")
    with pytest.raises(RecipeError, match=r"a-puzzle.svg is there already: choose another folder with --out"):
        puzzle(tmp_path / "a.png", pages=False)
    assert puzzle(tmp_path / "a.png", pages=False, overwrite=True).lines.read_text() != "mine"
