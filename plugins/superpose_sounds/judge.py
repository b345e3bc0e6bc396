"""Both sides of images that sound, judged: ``python -m superpose_sounds.judge RUN --shows heart --sounds flute``.

One classifier looks at each image of a run. Another listens: it is shown the spectrogram of the sound in the file
beside the image, and not the image, so that what Griffin and Lim could not say counts as not heard.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Classifier, make, read_picture
from superpose_sounds.medium import SpectrogramSound
from superpose_sounds.wav import read_wav

if TYPE_CHECKING:
    from numpy.typing import NDArray


@attrs.frozen
class Verdict:
    """What two classifiers make of images that sound.

    Attributes:
        shown: Whether each image is read as what it is to show, shape (n,).
        heard: Whether each sound is, shape (n,).
        chance: Share in which both are right by guessing.
    """

    shown: NDArray[np.bool_]
    heard: NDArray[np.bool_]
    chance: float

    def __str__(self) -> str:
        """The figures in one line."""
        both, count = int((self.shown & self.heard).sum()), len(self.shown)
        figures = (
            f"seen as asked {int(self.shown.sum())}, heard as asked {int(self.heard.sum())}, both {both} of {count}"
        )
        return f"{figures} ({both / count:.0%}; {self.chance:.2%} by chance)"


def judged(images: Sequence[Path], shows: tuple[Classifier, str], sounds: tuple[Classifier, str]) -> Verdict:
    """Judge images with the sounds beside them.

    Arguments:
        images: Of a run with the medium ``spectrogram`` as it comes.
        shows: Who looks, and the prompt that is to be seen.
        sounds: Who listens, and the prompt that is to be heard.

    Raises:
        RecipeError: An image or a sound is missing.
    """
    medium, rows = SpectrogramSound(), sounds[0].shape[1]
    pictures = [read_picture(path) for path in images]
    spectra = [medium.picture(read_wav(path.with_suffix(medium.suffix))[0], rows) for path in images]
    heard = [np.repeat(each[:, :, None], 3, 2) for each in spectra]
    chance = 1 / (shows[0].classes * sounds[0].classes)
    return Verdict(_right(pictures, *shows), _right(heard, *sounds), chance)


def _right(pictures: Sequence[NDArray[np.uint8]], classifier: Classifier, prompt: str) -> NDArray[np.bool_]:
    import torch

    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        logits = classifier.load().logits(x, classifier.schedule.level(0, 0))
    right: NDArray[np.bool_] = (logits.argmax(1) == classifier.label(prompt)).numpy()
    return right


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(prog="superpose_sounds.judge", description="Judge images that sound, both ways.")
    parser.add_argument("run", type=Path, nargs="+", help="folder of a run")
    parser.add_argument("--shows", required=True, help="prompt of what is to be seen")
    parser.add_argument("--sounds", required=True, help="prompt of what is to be heard")
    parser.add_argument("--looks", default="pictograms-classifier", help="classifier that looks")
    parser.add_argument("--listens", default="sounds-classifier", help="classifier that listens")
    chosen = parser.parse_args(arguments)
    looks, listens = (make("classifier", kind) for kind in (chosen.looks, chosen.listens))
    assert isinstance(looks, Classifier)  # noqa: S101  (the role says so, to everybody but the type checker)
    assert isinstance(listens, Classifier)  # noqa: S101
    for run in chosen.run:
        images = sorted(run.glob("[0-9]*.png"))
        sys.stdout.write(f"{run}: {judged(images, (looks, chosen.shows), (listens, chosen.sounds))}\n")


if __name__ == "__main__":
    main()
