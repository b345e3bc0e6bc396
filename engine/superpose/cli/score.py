"""superpose score: read the images of runs with a classifier: how well each shows what was asked, seen every way."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import complain, say
from superpose.cli.recipes import registry, toml_value
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier
    from superpose.media.sheet import Note
    from superpose.plugins import Registry
    from superpose.running.album import Album
    from superpose.search.scores import Scores

DESCRIPTION = """\
Have the images of a run read by a classifier, every view and part of each, and write what it says into RUN/scores.json,
onto the sheet, and by the next gallery onto that: alignment and concealment of Visual Anagrams with their quantiles,
and how many of 100 samples are read right every way, with intervals.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.description = DESCRIPTION
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a run")
    add_classifier(parser)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps; default cpu")


def add_classifier(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add the options that name the classifier that reads."""
    default = "" if required else "; default: one that knows every prompt"
    parser.add_argument("--classifier", required=required, metavar="KIND", help=f"that reads{default}")
    parser.add_argument(
        "--option",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="an option of the classifier, such as path=DIR; may be repeated",
    )


def main(arguments: argparse.Namespace) -> int:
    """Score each run, write scores.json and the sheet, and print the figures."""
    known = registry(strict=arguments.strict_plugins)
    for folder in arguments.runs:
        _scored(folder, known, arguments)
    return 0


def classifier_named(known: Registry, arguments: argparse.Namespace) -> Classifier | None:
    """The classifier that the command line names; None where it names none.

    Raises:
        RecipeError: There is none of that kind, or it has other options.
    """
    from superpose.kinds.options import options_of
    from superpose.running.shortcuts import make

    if arguments.classifier is None:
        if arguments.option:
            raise RecipeError(f"--option {arguments.option[0]}: of which classifier? name it with --classifier")
        return None
    options = options_of(known.get("classifier", arguments.classifier))
    given, of = dict(map(_option, arguments.option)), f"classifier {arguments.classifier!r}"
    taken = [option.name for option in options]
    for name in given:
        if name not in taken:
            raise RecipeError(f"--option {name}: {of} has no such option; its options: {', '.join(taken) or 'none'}")
    for option in options:
        if option.required and option.name not in given:
            raise RecipeError(f"{of} must be given {option.name} ({option.doc}): add --option {option.name}=...")
    named: Classifier = make("classifier", arguments.classifier, **given)
    return named


def _option(given: str) -> tuple[str, object]:
    name, equals, value = given.partition("=")
    if not (name and equals):
        raise RecipeError(f"--option {given}: write KEY=VALUE, such as path=models/clip")
    return name, toml_value(value)


def _scored(folder: Path, known: Registry, arguments: argparse.Namespace) -> None:
    import attrs
    from PIL import Image

    from superpose.running.album import album
    from superpose.search.reading import Reader, classifier_for, prompts_of, shown_shape
    from superpose.search.scores import SCORES, read_scores

    with album(folder) as found:
        with Image.open(found.images[0]) as image:
            shape = (len(image.getbands()), image.height, image.width)
        subject = found.subject
        named = classifier_named(known, arguments)
        named = named or classifier_for(known, prompts_of(subject), shown_shape(subject, shape))
        reader = Reader.of(subject, shape, named, arguments.device)
        images = found.numbered
        scores = reader.scores(images)
        kept = reader.kept(images, scores)
        drawn = found.origins[0].drawn
        before = read_scores(folder)
        if before and before.drawn and (before.options, before.weights) == (kept.options, kept.weights):
            kept = attrs.evolve(kept, drawn=before.drawn)
        elif drawn:
            complain(f"these are the best of {drawn} samples, and so are the figures: they say nothing of the others")
        kept.write(folder)
        say(folder / SCORES)
        for path in _sheet(found, shape, {number: reader.note(score) for number, score in scores.items()}):
            say(path)
        tell(kept)


def _sheet(album: Album, shape: tuple[int, int, int], notes: dict[int, Note]) -> tuple[Path, ...]:
    """Draw the sheet of a run again, with what is to be said of its images; none where it has none."""
    from superpose.running.given import given_pictures
    from superpose.running.sheets import Sheets
    from superpose.running.swarms import with_sizes

    if album.run is None:
        return ()
    given = () if album.of_files else given_pictures(album.recipe)
    if album.of_files:  # they are told apart by their names
        notes = {k: note._replace(title=f"{album.numbered[k].stem}  {note.title}") for k, note in notes.items()}
    sheets = Sheets(album.folder, album.run, album.subject, shape, given)
    return sheets.write(album.numbered, with_sizes(notes, album.numbered, album.subject))


def tell(scores: Scores) -> None:
    """Print the figures of a run."""
    figures = scores.summary
    say(f"read by {scores.classifier}, {figures['samples']} samples")
    for name in ("alignment", "concealment"):
        if name in figures:
            mean, most, nearly_all = (figures[name][key] for key in ("mean", "q0.9", "q0.95"))
            say(f"{name:<12}{mean:.3f}; quantile 0.9 {most:.3f}, quantile 0.95 {nearly_all:.3f}")
    for prompt, share in zip(scores.prompts, figures["right"], strict=True):
        say(f"{_share(share)} read as {prompt!r}")
    if len(scores.prompts) > 1:
        say(f"{_share(figures['all_right'])} read right every way")


def _share(share: dict[str, float]) -> str:
    return f"{share['per_100']:.0f} of 100 ({share['low']:.0f} to {share['high']:.0f})"
