"""superpose pairs: find which two words of a vocabulary one image can show, the second through a view."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, cast

from superpose.cli.recipes import first_option, made, registry
from superpose.cli.score import add_classifier, classifier_named
from superpose.errors import PromptError, RecipeError
from superpose.media.files import read_text

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier
    from superpose.estimate.model import Model
    from superpose.estimate.view import View


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("model", metavar="MODEL", help="kind of a pixel model, such as superpose kinds lists")
    add_classifier(parser, required=True)
    parser.add_argument(
        "--view", required=True, metavar="KIND[:VALUE]", help="KIND, or KIND:VALUE with the value of its first option"
    )
    parser.add_argument("--words", required=True, metavar="WORDS", help="with commas between, or a file, a word a line")
    parser.add_argument("--itself", action="store_true", help="draw each word with itself, too")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder; a search in it goes on")
    parser.add_argument("--steps", type=int, default=10, help="of DDIM in the first round; default 10")
    parser.add_argument("--samples", type=int, default=2, help="of each pair in the first round; default 2")
    parser.add_argument("--best", type=int, default=100, help="pairs of the second round; default 100")
    parser.add_argument("--more-steps", type=int, default=25, help="of the second round; default 25")
    parser.add_argument("--more-samples", type=int, default=20, help="of each in the second round; default 20")
    parser.add_argument("--scale", type=float, default=5.0, help="of classifier-free guidance; default 5")
    parser.add_argument("--seed", type=int, default=0, help="of the noise; default 0")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps; default cpu")
    parser.add_argument(
        "--dtype", default="float32", choices=["float32", "bfloat16", "float16"], help="what networks compute in"
    )


def main(arguments: argparse.Namespace) -> int:
    """Search with a progress bar; write tables and the map, and print where they are."""
    from superpose.estimate.problem import problems_of, refuse

    known = registry(strict=arguments.strict_plugins)
    _refuse_numbers(arguments)
    words = _words(arguments.words)
    view: View = first_option(known, "view", arguments.view, "--view")
    model: Model = made(known.get("model", arguments.model), "MODEL")
    classifier = cast("Classifier", classifier_named(known, arguments))
    for problem in problems_of(view.problems, model.shape):
        raise RecipeError(f"--view: {problem}")
    if classifier.shape != model.shape:
        raise RecipeError(f"--classifier: {classifier.kind} reads images of {classifier.shape}, not of {model.shape}")
    for word in words:
        refuse(problems_of(model.prompt_problems, word), PromptError)
        classifier.label(word)

    from rich.console import Console
    from rich.progress import track

    from superpose.search.heatmap import heatmap
    from superpose.search.pairs import Pairs, Round
    from superpose.search.record import LINES, LIST, TABLE, Record

    names = ("steps", "samples", "best", "more_steps", "more_samples", "scale", "seed", "dtype")
    numbers = {name: getattr(arguments, name) for name in ("model", "classifier", "view", *names)}
    numbers |= {"option": arguments.option} if arguments.option else {}
    numbers |= {"words": words, "weights": {**model.weights(), **classifier.weights()}}
    record = Record(arguments.out, numbers)
    tallies = record.read()
    how = arguments.device, arguments.dtype
    predictor, reader = model.load(*how), classifier.load(*how)
    pairs = Pairs(predictor, classifier, reader, view, arguments.scale, arguments.seed, arguments.itself)
    few = Round(samples=arguments.samples, steps=arguments.steps)
    more = Round(samples=arguments.more_samples, steps=arguments.more_steps, first=arguments.samples)
    total = len(pairs.of(words))
    left = total + min(arguments.best, total) - len(tallies)
    console = Console(stderr=True)
    try:
        found = pairs.search(words, few, more, arguments.best, tallies)
        for tally in track(found, "searching", left, console=console, transient=True):
            record.add(tally)
            tallies.append(tally)
    except KeyboardInterrupt:
        console.print(f"superpose: interrupted; {arguments.out / LINES} keeps what was found; the same command goes on")
        return 1
    record.write(tallies)
    picture = arguments.out / "pairs.png"
    heatmap(words, tallies, mirrored=pairs.mirrored).save(picture)
    for path in (arguments.out / TABLE, arguments.out / LIST, picture):
        print(path)
    return 0


def _refuse_numbers(arguments: argparse.Namespace) -> None:
    """Raise `RecipeError` where a number leaves nothing to draw."""
    for name, least in (("steps", 1), ("samples", 1), ("best", 0), ("more_steps", 1), ("more_samples", 1)):
        if (number := getattr(arguments, name)) < least:
            raise RecipeError(f"--{name.replace('_', '-')}: must be at least {least}, got {number}")
    if not math.isfinite(arguments.scale):
        raise RecipeError(f"--scale: must be finite, got {arguments.scale}")


def _words(given: str) -> list[str]:
    path = Path(given)
    listed = read_text(path).splitlines() if "," not in given and path.is_file() else given.split(",")
    words = list(dict.fromkeys(word.strip() for word in listed if word.strip()))
    if len(words) < 2:
        raise RecipeError(f"--words: {given!r} gives {len(words)} words: write two at least, with commas between")
    return words
