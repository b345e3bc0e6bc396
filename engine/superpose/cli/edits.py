"""superpose edits: make pairs of pictures before and after an edit by words, to train models that edit."""

from __future__ import annotations

import argparse
from pathlib import Path

from superpose.cli.printing import complain, say
from superpose.cli.recipes import add_download, add_recipe, read_recipe

DESCRIPTION = """\
Make pairs of pictures with what is said to change between them: (before, instruction, after). RECIPE edits by words: it
has a constraint that is told the prompt before as source. EDITS is a TOML file of templates, whose words are drawn for
each pair. Pair n is sample n of the recipe, whatever else is made; --samples says how many there are. Both pictures are
images as superpose run writes them, and edits.jsonl lists them. The same command again makes what is missing.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    add_recipe(parser)
    parser.add_argument("edits", type=Path, metavar="EDITS", help="a TOML file of edits: [words] and [[edit]]")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the pairs (default: runs/NAME-edits)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")
    parser.add_argument("--overwrite", action="store_true", help="replace images of other recipes in the folder")
    add_download(parser)


def main(arguments: argparse.Namespace) -> int:
    """Make the pairs with a progress bar; print where they are listed."""
    from superpose.cli.run import stopping
    from superpose.media.hub import downloads
    from superpose.recipe.edits import load_edits

    recipe, edits = read_recipe(arguments), load_edits(arguments.edits)
    out = arguments.out or Path("runs") / f"{Path(arguments.recipe).stem}-edits"

    from rich.console import Console
    from rich.progress import Progress

    from superpose.running.editing import EditPairs
    from superpose.running.machine import chosen_device
    from superpose.running.place import taken

    pairs = EditPairs(recipe, edits, out)
    device = chosen_device(recipe.run.device if arguments.device == "auto" else arguments.device)
    console = Console(stderr=True)
    with stopping(), downloads(arguments.allow_download), taken(out):
        try:
            with Progress(console=console, transient=True) as progress:
                task = progress.add_task("pairs", total=len(pairs.numbers))
                for made in pairs.make(device, overwrite=arguments.overwrite):
                    progress.update(task, completed=made)
        except KeyboardInterrupt as error:
            pairs.write_index()
            complain(f"{error or 'interrupted'}; {pairs.index} lists what is there; the same command goes on")
            return 1
        listing = pairs.write_index()
    for path in filter(Path.exists, (pairs.index, pairs.sheet)):
        say(path)
    left_out = f"; {listing.left_out} are left out" if listing.left_out else ""
    console.print(f"{listing.kept} {'pair' if listing.kept == 1 else 'pairs'}{left_out}", highlight=False)
    return 0
