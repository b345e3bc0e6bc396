"""superpose steps: show how a recipe's images form, step by step, as one PNG; --forward shows how noise undoes them."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import add_download, add_recipe, read_recipe
from superpose.errors import RecipeError

DESCRIPTION = """\
Write a filmstrip of a recipe's samples as a PNG: above the state x_t at some noise levels, from noise to the image, and
below it what the network thinks of the clean image there. With --forward it goes the other way: from the image to
noise, one noise for all levels. Of a latent model states are decoded; of a cascade each stage has a strip.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    add_recipe(parser)
    parser.add_argument("--frames", type=int, default=8, metavar="N", help="noise levels that are shown (default: 8)")
    parser.add_argument("--forward", action="store_true", help="show the forward process, from the image to noise")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="default: runs/NAME-steps.png (NAME-forward.png)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    add_download(parser)


def main(arguments: argparse.Namespace) -> int:
    """Write the strip and print where it is; of as many samples as --samples says, or of one."""
    from superpose.media.hub import downloads
    from superpose.media.png import write_png

    name = f"{Path(arguments.recipe).stem}-{'forward' if arguments.forward else 'steps'}.png"
    out = arguments.out or Path("runs") / name
    if out.suffix.lower() != ".png":
        raise RecipeError(f"--out {out}: a filmstrip is a PNG; write a name that ends with .png")
    if out.exists() and not arguments.overwrite:
        raise RecipeError(f"{out} is there already: choose another file with --out, or replace it with --overwrite")
    recipe = read_recipe(arguments)

    from superpose.running.machine import chosen_device
    from superpose.running.steps import filmstrip

    device = chosen_device(recipe.run.device if arguments.device == "auto" else arguments.device)
    with downloads(arguments.allow_download):
        pixels = filmstrip(
            recipe, samples=arguments.samples or 1, frames=arguments.frames, forward=arguments.forward, device=device
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_png(out, pixels)
    say(out)
    return 0
