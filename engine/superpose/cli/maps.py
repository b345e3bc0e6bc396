"""superpose maps: show where a network looks for each word of a recipe's prompts, step by step, as one PNG."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import say
from superpose.cli.recipes import add_download, add_input, add_recipe, changes, named_files, read_recipe, registry
from superpose.errors import RecipeError

DESCRIPTION = """\
Write the attention maps of a recipe's samples as a PNG: above what the network thinks of the clean image at some steps,
and below it, for each word, how much each place looks at that word there. Bright is much. The images are those of the
recipe: attention is read, and not touched. For models of text with cross-attention. Of the folder of a run all images
are sampled once more; their maps are left in RUN/maps.json, on the sheet, and by the next gallery on that.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    add_recipe(parser, "RECIPE|RUN", "a TOML file, or the folder of a run")
    parser.add_argument("--words", default="", metavar="A,B", help="words of the prompts (default: all of them)")
    parser.add_argument("--frames", type=int, default=8, metavar="N", help="steps that are shown (default: 8)")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="of a recipe's; default: runs/NAME-maps.png")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    add_input(parser)
    add_download(parser)


def main(arguments: argparse.Namespace) -> int:
    """Write the maps and print where they are; of as many samples as --samples says, or of one; of all of a run."""
    return _of_run(arguments) if Path(arguments.recipe).is_dir() else _of_recipe(arguments)


def _of_run(arguments: argparse.Namespace) -> int:
    from superpose.media.hub import downloads

    if changes(arguments) or arguments.out is not None:
        raise RecipeError(
            f"{arguments.recipe}: maps of a run are of its images as they are, and lie in its folder: leave out --set, "
            "--seed, --samples and --out, or give the recipe instead of the run"
        )
    registry(strict=arguments.strict_plugins)

    from superpose.running.machine import chosen_device
    from superpose.running.mapped import map_run

    device = chosen_device(arguments.device)
    with downloads(arguments.allow_download):
        for path in map_run(
            Path(arguments.recipe),
            _words(arguments),
            frames=arguments.frames,
            device=device,
            inputs=named_files(arguments.input),
        ):
            say(path)
    return 0


def _of_recipe(arguments: argparse.Namespace) -> int:
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
    with downloads(arguments.allow_download):
        pixels = maps(recipe, _words(arguments), samples=arguments.samples or 1, frames=arguments.frames, device=device)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_png(out, pixels)
    say(out)
    return 0


def _words(arguments: argparse.Namespace) -> list[str]:
    return [word for word in arguments.words.split(",") if word]
