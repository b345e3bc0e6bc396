"""A picture of a search: a cell for each pair, darker the more of its drawings read as asked both ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFont

from superpose.search.tally import Tally

CELL, GAP = 10, 6
INK, PAPER, NONE, DARK = (24, 24, 24), (255, 255, 255), (232, 232, 232), (150, 20, 60)


def heatmap(words: Sequence[str], tallies: Iterable[Tally], *, mirrored: bool) -> Image.Image:
    """The map: words that are read upright down the side, those through the view along the top.

    Arguments:
        words: In this order.
        tallies: Pairs that were drawn; all others are grey.
        mirrored: Whether a pair counts for its reverse as well, as under a view that undoes itself.
    """
    font = ImageFont.load_default(CELL)
    longest = max(int(font.getlength(word)) for word in words) + GAP
    side = longest + CELL * len(words)
    image = Image.new("RGB", (side + GAP, side + GAP), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((longest, longest, side - 1, side - 1), fill=NONE)
    for place, word in enumerate(words):
        at = longest + CELL * place + CELL // 2
        draw.text((longest - GAP // 2, at), word, INK, font, anchor="rm")
    image.paste(_upwards(words, longest, font), (longest, 0))
    order = {word: place for place, word in enumerate(words)}
    for tally in tallies:
        places = [(order[tally.first], order[tally.second])]
        for row, column in [*places, *((b, a) for a, b in places if mirrored)]:
            left, above = longest + CELL * column, longest + CELL * row
            draw.rectangle((left, above, left + CELL - 1, above + CELL - 1), fill=_shade(tally.share))
    return image


def _upwards(words: Sequence[str], height: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> Image.Image:
    """The words above the columns, each written upwards."""
    lying = Image.new("RGB", (height, CELL * len(words)), PAPER)
    draw = ImageDraw.Draw(lying)
    for place, word in enumerate(words):
        draw.text((GAP // 2, CELL * place + CELL // 2), word, INK, font, anchor="lm")
    return lying.transpose(Image.Transpose.ROTATE_90)


def _shade(share: float) -> tuple[int, int, int]:
    red, green, blue = (round(light + share * (dark - light)) for light, dark in zip(PAPER, DARK, strict=True))
    return red, green, blue
