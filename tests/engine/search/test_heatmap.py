"""The map of a search: each pair is where its words are, and its words can be read."""

from typing import Any

from superpose.search.heatmap import CELL, DARK, NONE, PAPER, heatmap
from superpose.search.tally import Tally


def test_the_map_shows_each_pair_where_its_words_are() -> None:
    words = ["ab", "cd", "ef"]
    tallies = [Tally("ab", "cd", 2, 2, 2, 2, 1.0), Tally("ef", "ab", 2, 0, 0, 0, 0.0)]
    image = heatmap(words, tallies, mirrored=False)
    start = image.width - 6 - 3 * CELL

    def cell(row: int, column: int) -> Any:
        return image.getpixel((start + CELL * column + 4, start + CELL * row + 4))

    assert (cell(0, 1), cell(1, 0), cell(2, 0), cell(0, 2)) == (DARK, NONE, PAPER, NONE)
    both = heatmap(words, tallies, mirrored=True)
    assert both.getpixel((start + 4, start + CELL + 4)) == DARK
    # Words along the top are written upwards, in the order of those down the side.
    top = image.crop((start, 0, start + 3 * CELL, start)).convert("L")
    side = image.crop((0, start, start, start + 3 * CELL)).convert("L")
    for place in range(3):
        lying, upright = (
            part.crop(box)
            for part, box in (
                (top, (CELL * place, 0, CELL * place + CELL, start)),
                (side, (0, CELL * place, start, CELL * place + CELL)),
            )
        )
        turned = lying.rotate(-90, expand=True)
        assert sum(value < 128 for value in turned.tobytes()) == sum(value < 128 for value in upright.tobytes()) > 0
