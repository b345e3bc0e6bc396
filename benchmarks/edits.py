"""What an edit by words changes, and what it keeps: ``python benchmarks/edits.py``, on `glyphs-ldm`.

Letters in one colour are told another, ``"bold A in red"`` to ``"bold A in blue"``: by `prompt-to-prompt`, and by the
other prompt alone from the same noise. The colour is that of COLOURS which the ink is nearest to. Of two drawings, the
coverage of each pixel by ink is compared: their overlap is what both cover, of what either covers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch
from torch import Tensor

import superpose
from superpose.recipe import loads
from superpose.running.composition import compose_of
from superpose.running.networks import Networks
from superpose.search.tally import wilson
from superpose_glyphs.phrases import COLOURS

LETTERS = "ABCDEFGHJKLMNPRSTUVXZ"
#: Of the twelve colours those that are ink on white.
INKS = ("red", "blue", "green", "orange", "purple", "brown", "black", "pink")
RECIPE = """
prompt = "{prompt}"
model = {{kind = "glyphs-ldm"}}
scheduler = {{kind = "ddim", steps = {steps}}}
guidance = {{kind = "cfg", scale = 3.0}}
run = {{samples = {samples}, seed = {seed}, threads = 1}}
{edit}
"""
EDIT = """
[[constraint]]
kind = "prompt-to-prompt"
source = "{source}"
cross_stop = {cross}
self_stop = {places}
"""


def ink(image: Tensor) -> tuple[Tensor, Tensor]:
    """The ink of an image (3, H, W) in [0, 1] on white paper: its colour, and its coverage of each pixel (H, W)."""
    away = (1 - image).square().sum(0).sqrt()
    strongest = away.flatten().topk(max(8, away.numel() // 20)).indices
    colour = image.flatten(1)[:, strongest].median(1).values
    ray = 1 - colour
    coverage = ((1 - image) * ray[:, None, None]).sum(0) / ray.square().sum().clamp(min=1e-3)
    return colour, coverage.clamp(0, 1)


def nearest(colour: Tensor) -> str:
    """The name of the colour that is nearest."""
    return min(COLOURS, key=lambda name: float((colour - torch.tensor(COLOURS[name])).square().sum()))


def overlap(a: Tensor, b: Tensor) -> float:
    """What both coverages have in common, of what either covers."""
    return float(torch.minimum(a, b).sum() / torch.maximum(a, b).sum().clamp(min=1e-6))


def images(networks: Networks, prompt: str, asked: argparse.Namespace, seed: int, source: str | None = None) -> Tensor:
    """The samples of a recipe, in [0, 1]."""
    edit = "" if source is None else EDIT.format(source=source, cross=asked.cross, places=asked.places)
    text = RECIPE.format(prompt=prompt, steps=asked.steps, samples=asked.each, seed=seed, edit=edit)
    made = compose_of(loads(text, name="edit", folder="."), networks)
    return (made.trajectory(range(asked.each)).run() + 1) / 2


def told(name: str, right: Sequence[bool], overlaps: Sequence[float], off: Sequence[float]) -> None:
    """Print a line of the table."""
    low, high = wilson(sum(right), len(right))
    kept = torch.tensor(overlaps)
    middle, least = float(kept.median()), float(kept.quantile(0.1))
    print(
        f"| {name} | {100 * sum(right) / len(right):.0f} ({100 * low:.0f} to {100 * high:.0f}) | {middle:.2f} "
        f"| {least:.2f} | {torch.tensor(off).median():.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12, help="letters with two colours")
    parser.add_argument("--each", type=int, default=10, help="samples of each")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cross", type=float, default=1.0, help="cross_stop of the edit")
    parser.add_argument("--places", type=float, default=1.0, help="self_stop of the edit")
    asked = parser.parse_args()
    networks = Networks(superpose.Run(threads=1), "cpu")
    found: dict[str, tuple[list[bool], list[float], list[float]]] = {}
    sources: list[bool] = []
    for pair in range(asked.pairs):
        letter = ("bold ", "", "italic ")[pair % 3] + LETTERS[pair % len(LETTERS)]
        first, second = INKS[pair % len(INKS)], INKS[(pair + 1 + pair // len(INKS)) % len(INKS)]
        source, target = f"{letter} in {first}", f"{letter} in {second}"
        plain = images(networks, source, asked, pair)
        ways = {
            "edited by its words": images(networks, target, asked, pair, source),
            "the other prompt alone": images(networks, target, asked, pair),
        }
        for i, before in enumerate(plain):
            colour, drawn = ink(before)
            sources.append(nearest(colour) == first)
            for name, made in ways.items():
                after, again = ink(made[i])
                right, overlaps, off = found.setdefault(name, ([], [], []))
                right.append(nearest(after) == second)
                overlaps.append(overlap(drawn, again))
                off.append(float((drawn - again).abs().mean()))
    share = 100 * sum(sources) / len(sources)
    print(f"{len(sources)} samples; the source has the colour that it is told in {share:.0f} %")
    print("| | of the new colour, % (95 %) | overlap of drawings, median | a tenth has less | mean difference |")
    print("|---|---|---|---|---|")
    for name, figures in found.items():
        told(name, *figures)


if __name__ == "__main__":
    with torch.no_grad():
        main()
