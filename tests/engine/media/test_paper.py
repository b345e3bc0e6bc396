"""Puzzles on paper: lines and numbers stand where they are, in millimetres, on true-sized pages."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from superpose import RunError
from superpose.media.paper import HAIR, Number, Page, Sheet, write_pdf, write_svg

SPACE = {"": "http://www.w3.org/2000/svg"}
OPEN = np.array([[0.0, 5.0], [10.0, 5.0004]])
CLOSED = np.array([[2.0, 2.0], [2.0, 4.0], [4.0, 4.0], [2.0, 2.0]])
SHEET = Sheet("a <cat> & dog", 10.0, 20.0, 1.5, (OPEN, CLOSED), 4.0)
DOT = 8  # pixels of a millimetre in these tests


def svg(tmp_path, sheet=SHEET, numbers=()):
    write_svg(tmp_path / "a.svg", sheet, numbers)
    return ET.parse(tmp_path / "a.svg").getroot()


def test_a_millimetre_is_a_millimetre(tmp_path):
    root = svg(tmp_path)
    assert (root.get("width"), root.get("height")) == ("23mm", "13mm")
    assert root.get("viewBox") == "-1.5 -1.5 23 13"
    edge = root.find(".//rect[@id='edge']", SPACE)
    assert (edge.get("width"), edge.get("height"), edge.get("x")) == ("20", "10", None)
    assert root.find("title", SPACE).text == "a <cat> & dog"
    assert float(root.find("g[@id='cut']", SPACE).get("stroke-width")) == HAIR


def test_lines_are_written_across_then_down_each_once_closed_ones_as_such(tmp_path):
    cut = svg(tmp_path).find("g[@id='cut']", SPACE)
    assert [line.get("points") for line in cut.findall("polyline", SPACE)] == ["5,0 5,10"]
    assert [line.get("points") for line in cut.findall("polygon", SPACE)] == ["2,2 4,2 4,4"]


def test_numbers_stand_in_the_middle_of_their_places(tmp_path):
    [text] = svg(tmp_path, numbers=[Number("7", (3.0, 12.0), 1.0)]).findall(".//text", SPACE)
    assert text.text == "7"
    assert float(text.get("x")) == 12
    assert 3 < float(text.get("y")) < 3 + SHEET.size / 2, "letters stand on their line, a little below the middle"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(RunError):
        write_svg(tmp_path / "none" / "a.svg", SHEET, ())


def rendered(tmp_path, *pages, sheet=SHEET):
    """Pages as grey pixels, `DOT` a millimetre, and their trim boxes in millimetres."""
    pdfium = pytest.importorskip("pypdfium2")
    write_pdf(tmp_path / "a.pdf", sheet, pages)
    document = pdfium.PdfDocument(tmp_path / "a.pdf")
    shown = [np.asarray(page.render(scale=DOT * 25.4 / 72).to_pil().convert("L")).astype(int) for page in document]
    boxes = [[round(value * 25.4 / 72, 2) for value in page.get_trimbox()] for page in document]
    document.close()
    return shown, boxes


def test_a_page_has_its_true_size_its_trim_and_its_picture_whole(tmp_path):
    pixels = np.zeros((13, 23, 3), np.uint8)
    pixels[:6] = 255
    [page], [box] = rendered(tmp_path, Page(pixels))
    assert page.shape == pytest.approx((13 * DOT, 23 * DOT), abs=1)
    assert box == [1.5, 1.5, 21.5, 11.5]
    assert (page[: 5 * DOT] > 250).all()
    assert (page[7 * DOT :] < 5).all(), "the picture is not upside down"


def middle_of_ink(page):
    """Of what is dark, in millimetres from the picture's corner."""
    return [where.mean() / DOT - SHEET.bleed for where in np.nonzero(page < 128)]


def test_what_is_on_the_back_falls_behind_what_it_belongs_to_and_is_no_mirror_script(tmp_path):
    number = Number("4", (6.0, 4.0))
    (front, back), _ = rendered(tmp_path, Page(None, (number,)), Page(None, (number,), back=True))
    assert np.allclose(middle_of_ink(front), [6, 4], atol=0.5)
    assert np.allclose(middle_of_ink(back), [6, SHEET.width - 4], atol=0.5)
    rows, shift = slice(4 * DOT, 11 * DOT), (int(SHEET.width) - 8) * DOT
    mine = front[rows, 3 * DOT : 8 * DOT]
    behind = back[rows, 3 * DOT + shift : 8 * DOT + shift]
    assert abs(mine - behind).mean() < 0.5 * abs(mine[:, ::-1] - behind).mean()


def test_a_number_that_is_turned_stands_on_its_side(tmp_path):
    (straight, turned), _ = rendered(
        tmp_path, Page(None, (Number("1", (5.0, 10.0)),)), Page(None, (Number("1", (5.0, 10.0), np.pi / 2),))
    )
    heights = [np.ptp(np.nonzero(page < 128)[0]) for page in (straight, turned)]
    widths = [np.ptp(np.nonzero(page < 128)[1]) for page in (straight, turned)]
    assert heights[0] > widths[0]
    assert heights[1] < widths[1]


def test_cut_lines_are_drawn_where_they_are_asked_for(tmp_path):
    (plain, cut), _ = rendered(tmp_path, Page(None), Page(None, cut=True))
    assert (plain == 255).all()
    row, column = int((1.5 + 7) * DOT), int((1.5 + 5) * DOT)
    assert cut[row, column - 2 : column + 3].min() < 100
    assert (cut[row, column + DOT : column + 3 * DOT] == 255).all()


def test_the_same_pages_are_the_same_bytes(tmp_path):
    pytest.importorskip("reportlab")
    for name in ("a.pdf", "b.pdf"):
        write_pdf(tmp_path / name, SHEET, [Page(np.zeros((13, 23, 3), np.uint8), cut=True)])
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
