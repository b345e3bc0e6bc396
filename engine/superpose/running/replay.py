"""Making an image again from the recipe inside it, which is a stranger's: it reads no file that nobody gave it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath

from superpose.errors import RunError
from superpose.media.files import digest
from superpose.media.hub import downloads
from superpose.media.png import Origin
from superpose.recipe import Recipe
from superpose.running.inputs import Inputs
from superpose.running.inside import inside
from superpose.running.job import Job
from superpose.running.splicing import remake


def replay(
    image: str | Path,
    out: str | Path,
    *,
    inputs: Mapping[str, str | Path] | None = None,
    device: str = "auto",
    allow_download: bool = False,
    tell: Callable[[str], object] = warnings.warn,
) -> Path:
    """Make an image again from the recipe inside it, under the same name.

    The bytes are the same where the versions, the weights and the family of the processor are. Only pictures that
    travel inside the image and files in ``inputs`` are read, whatever the recipe inside names.

    Arguments:
        image: A file that superpose wrote.
        out: Folder of the new image; another than that of the old one.
        inputs: Where the files are that do not travel, by the names that the recipe inside has for them.
        device: A torch device, or ``auto`` for the best there is.
        allow_download: Fetch models that the recipe names on a hub and that are not on this machine.
        tell: Told, before anything is sampled, of each file that is another than the maker's.

    Raises:
        RecipeError: If the image has no recipe inside, or the recipe needs something that is not installed or given.
        RunError: If the new image would replace the old one, or the file can't be written.
    """
    image, out = Path(image), Path(out)
    if out.resolve() == image.resolve().parent:
        raise RunError(f"{out} is where {image.name} is already: choose another folder with --out")
    with downloads(allow_download), inside(image, inputs) as found:
        origin, recipe = found.origin, found.recipe()
        here = Inputs(
            # An image of an old version may name a whole path, which the new one does not pass on.
            given={path: PurePath(name).name for name, path in found.given.items()},
            called={content: name for name, content in origin.weights.items()},
        )
        for other in _others(origin, recipe, here):
            tell(other)
        with Job.of(
            recipe,
            out,
            device=device,
            names={origin.sample: image.name},
            inputs=here,
            drawn=origin.drawn,
            replayed=origin,
        ) as job:
            if job.path(origin.sample).exists() and not job.has_made(origin.sample, origin.columns, origin.printed):
                raise RunError(
                    f"{out / image.name} is there already, and another image: choose another folder with --out"
                )
            return remake(job, origin)


def _others(origin: Origin, recipe: Recipe, here: Inputs) -> Iterator[str]:
    """Which files are not those that the image was made with, told by their hashes."""
    for path, name in here.given.items():
        if path.is_file() and origin.files.get(name, digest(path)) not in ("", digest(path)):
            yield f"{name!r} is another file than the one that the image was made with: {path}"
    mine = here.weights(recipe)
    for name in sorted({*mine, *origin.weights}):
        if mine.get(name) != origin.weights.get(name):
            was, now = (digests.get(name, "none")[:12] for digests in (origin.weights, mine))
            yield f"the weights {name!r} are not those that the image was made with: {was} then, {now} now"
