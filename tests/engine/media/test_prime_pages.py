"""Pages of prime images: true sizes, and numbers that stand at the tops of sheets as they lie."""

import numpy as np
import pytest

from superpose import Layer
from superpose.media.prime_pages import MARGIN, PrimePage, write_primes

HEIGHT, WIDTH, DOT = 24, 30, 8  # millimetres, and pixels of a millimetre
WHITE = np.full((4, 5, 3), 255, np.uint8)


def shown(path, *layers, text=("x",)):
    """A page with these layers: pixels, size and words."""
    pdfium = pytest.importorskip("pypdfium2")
    write_primes(path, "a title", HEIGHT, WIDTH, [PrimePage(WHITE, layers, text)])
    document = pdfium.PdfDocument(path)
    page = document[0]
    pixels = np.asarray(page.render(scale=DOT * 25.4 / 72).to_pil().convert("L")).astype(int)
    found = pixels, [side * 25.4 / 72 for side in page.get_size()], page.get_textpage().get_text_bounded()
    document.close()
    return found


def strips(pixels):
    """The margins above, left of, below and right of the picture, each without its crosses."""
    m, tall, wide = round(MARGIN * DOT), round((HEIGHT + MARGIN) * DOT), round((WIDTH + MARGIN) * DOT)
    inner = slice(m + 4, tall - 4), slice(m + 4, wide - 4)
    out = slice(4, m - 4)
    return [
        pixels[out, inner[1]],
        pixels[inner[0], out],
        pixels[tall + 4 : tall + m - 4, inner[1]],
        pixels[inner[0], wide + 4 : wide + m - 4],
    ]


@pytest.mark.parametrize("turns", range(4))
def test_a_number_goes_with_the_top_of_its_sheet_and_turns_with_it(tmp_path, turns):
    straight = strips(shown(tmp_path / "a.pdf", Layer(6))[0])[0]
    found = strips(shown(tmp_path / "b.pdf", Layer(6, turns))[0])
    assert [bool((strip < 128).any()) for strip in found] == [k == turns for k in range(4)]
    back = np.rot90(found[turns], -turns)
    extra = (straight.shape[1] - back.shape[1]) // 2
    same = straight[:, extra : extra + back.shape[1]] if extra else straight
    right, wrong = (abs(same - each).mean() for each in (back, np.rot90(back, 2)))
    assert right < 0.6 * wrong, "it does not stand as on its own sheet"


def test_the_number_of_a_sheet_that_is_seen_from_behind_is_mirrored(tmp_path):
    front, behind = (strips(shown(tmp_path / f"{k}.pdf", Layer(6, 0, mirrored=k))[0])[0] for k in (False, True))
    assert abs(front[:, ::-1] - behind).mean() < 0.3 * abs(front - behind).mean()


def test_numbers_that_lie_alike_stand_side_by_side(tmp_path):
    top = strips(shown(tmp_path / "a.pdf", Layer(0), Layer(1), Layer(2, 2))[0])[0]
    inked = np.flatnonzero((top < 128).any(0))
    assert np.diff(inked).max() > 2 * DOT, "a gap between two"
    assert (inked[0] + inked[-1]) / 2 == pytest.approx(top.shape[1] / 2, abs=DOT)


def test_a_page_has_room_for_its_words_and_none_is_lost(tmp_path):
    _, (wide, tall), words = shown(tmp_path / "a.pdf", text=("mind the gap " * 12, "漢 é"))
    assert wide == pytest.approx(WIDTH + 2 * MARGIN)
    assert tall > HEIGHT + 2 * MARGIN + 20
    assert " ".join(words.split()).count("mind the gap") == 12
    assert "\\u6f22 é" in words, "letters that files have no shapes for are told by their numbers"
