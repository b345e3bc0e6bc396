"""superpose maps: show where a network looks for each word of a recipe's prompts, step by step, as one PNG."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import add_download, add_recipe, read_recipe
from superpose.errors import RecipeError

DESCRIPTION = """\
Write the attention maps of a recipe's samples as a PNG: above what the network thinks of the clean image at some steps,
and below it, for each word, how much each place looks at that word there. Bright is much. The images are those of the
recipe: attention is read, and not touched. For models of text with cross-attention.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    add_recipe(parser)
    parser.add_argument("--words", default="", metavar="A,B", help="words of the prompts (default: all of them)")
    parser.add_argument("--frames", type=int, default=8, metavar="N", help="steps that are shown (default: 8)")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="default: runs/NAME-maps.png")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    add_download(parser)


def main(arguments: argparse.Namespace) -> int:
    """Write the maps and print where they are; of as many samples as --samples says, or of one."""
    from superpose.media.hub import downloads
    from superpose.media.png import write_png

    out = arguments.out or Path("runs") / f"{Path(arguments.recipe).stem}-maps.png"
    if out.suffix.lower() != ".png":
        raise RecipeError(f"--out {out}: maps are a PNG; write a name that ends with .png")
    if out.exists() and not arguments.overwrite:
        raise RecipeError(f"{out} is there already: choose another file with --out, or replace it with --overwrite")
    recipe = read_recipe(arguments)

    from superpose.running.machine import chosen_device
    from superpose.running.maps import maps

    device = chosen_device(recipe.run.device if arguments.device == "auto" else arguments.device)
    words = [word for word in arguments.words.split(",") if word]
    with downloads(arguments.allow_download):
        pixels = maps(recipe, words, samples=arguments.samples or 1, frames=arguments.frames, device=device)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_png(out, pixels)
    say(out)
    return 0
