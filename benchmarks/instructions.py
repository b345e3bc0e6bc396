"""What an instruction changes, and what it keeps: ``python benchmarks/instructions.py``, on `glyphs-edit`.

Letters that `glyphs-ldm` draws on white, from seeds that no pair of its training had, are told "make it COLOUR", "make
it bold", "make it light" and "put it on COLOUR", each by both scales of `dual`. Colours are told as in
``benchmarks/edits.py``; of bold and light it is counted how often there is a tenth more ink, or less. Ink covers a
pixel by as much as it is away from the paper, whose colour is that of the border; two drawings overlap by what both
cover, of what either covers.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from edits import LETTERS, images, ink, nearest, overlap
from torch import Tensor

import superpose
from superpose.media.images import to_pixels
from superpose.media.png import write_png
from superpose.recipe import loads
from superpose.running.composition import compose_of
from superpose.running.networks import Networks
from superpose.search.tally import wilson

INKS = ("red", "blue", "green", "orange", "purple", "black")
PAPERS = ("yellow", "cyan", "pink")
#: Of what there is more, or less, there is so much.
MORE = 1.1
RECIPE = """
prompt = "{told}"
model = {{kind = "glyphs-edit", image = '{image}'}}
scheduler = {{kind = "ddim", steps = {steps}}}
guidance = {{kind = "dual", text = {text}, image = {keep}}}
run = {{seed = {seed}, threads = 1}}
"""

Right = Callable[[Tensor, Tensor], bool]


def paper(image: Tensor) -> Tensor:
    """The colour of the border of an image (3, H, W)."""
    return torch.cat((image[:, 0], image[:, -1], image[..., 0], image[..., -1]), 1).median(1).values


def covered(image: Tensor) -> Tensor:
    """Coverage of each pixel by ink, shape (H, W)."""
    away = (image - paper(image)[:, None, None]).square().sum(0).sqrt()
    return (away / away.flatten().topk(away.numel() // 20).values.median()).clamp(max=1)


def coloured(name: str, before: Tensor, after: Tensor) -> bool:
    del before
    return nearest(ink(after)[0]) == name


def papered(name: str, before: Tensor, after: Tensor) -> bool:
    del before
    return nearest(paper(after)) == name


def heavier(before: Tensor, after: Tensor) -> bool:
    return bool(covered(after).sum() > MORE * covered(before).sum())


def lighter(before: Tensor, after: Tensor) -> bool:
    return heavier(after, before)


def asked_of(number: int, colour: str) -> list[tuple[str, str, Right]]:
    """What a letter in some colour is told: the row of the table, the instruction, and what makes it right."""
    new = INKS[(INKS.index(colour) + 1 + number % (len(INKS) - 1)) % len(INKS)]
    other = PAPERS[number % len(PAPERS)]
    return [
        ("make it COLOUR", f"make it {new}", partial(coloured, new)),
        ("put it on COLOUR", f"put it on {other}", partial(papered, other)),
        ("make it bold", "make it bold", heavier),
        ("make it light", "make it light", lighter),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=60)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--text", type=float, default=4.0, help="scale of the instruction")
    parser.add_argument("--keep", type=float, default=1.5, help="scale of the image")
    asked = parser.parse_args()
    networks = Networks(superpose.Run(threads=1), "cpu")
    drawing = argparse.Namespace(steps=20, each=1)
    found: dict[str, list[tuple[bool, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "letter.png")
        for number in range(asked.letters):
            colour = INKS[number % len(INKS)]
            drawn = images(networks, f"{LETTERS[number % len(LETTERS)]} in {colour}", drawing, 10_000 + number)
            write_png(path, to_pixels(2 * drawn - 1)[0])
            for row, told, right in asked_of(number, colour):
                numbers = {"steps": asked.steps, "text": asked.text, "keep": asked.keep, "seed": number}
                recipe = loads(RECIPE.format(told=told, image=path, **numbers), name="edit", folder=".")
                after = (compose_of(recipe, Networks(recipe.run, "cpu")).trajectory([0]).run()[0] + 1) / 2
                kept = overlap(covered(drawn[0]), covered(after))
                found.setdefault(row, []).append((right(drawn[0], after), kept))
    print(f"{asked.letters} letters; text = {asked.text:g}, image = {asked.keep:g}, {asked.steps} steps")
    print("| instruction | as asked, % (95 %) | overlap of drawings, median | a tenth has less |")
    print("|---|---|---|---|")
    for row, each in found.items():
        right, kept = sum(one for one, _ in each), torch.tensor([share for _, share in each])
        low, high = wilson(right, len(each))
        print(
            f"| {row} | {100 * right / len(each):.0f} ({100 * low:.0f} to {100 * high:.0f}) | {kept.median():.2f} "
            f"| {kept.quantile(0.1):.2f} |"
        )


if __name__ == "__main__":
    with torch.no_grad():
        main()
