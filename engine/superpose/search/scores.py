r"""Scores of illusions as they lie beside the images: alignment, concealment, and readings that are right.

With :math:`S_{ij}` for how well view i of an image goes with prompt j, the alignment of the image is that of its
weakest reading, and its concealment says that no view shows what the others do,

.. math:: A = \min_i S_{ii} \qquad C = \tfrac1N \operatorname{tr} \operatorname{softmax}(S / \tau)

with the mean of both directions of the softmax (Visual Anagrams, arXiv 2311.17919). Of many images one keeps the best,
hence the quantiles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from superpose.errors import RecipeError, RunError
from superpose.media.files import digest, read_text
from superpose.media.writing import write_text
from superpose.search.tally import wilson

SCORES = "scores.json"
#: Quantiles that are told beside the mean.
QUANTILES = (0.9, 0.95)


@attrs.frozen
class Score:
    """Score of one image.

    Attributes:
        alignment: Of its weakest reading.
        concealment: Of all readings; None where there is one alone.
        right: Of each reading, whether it is read as what was asked for.
        each: Of each reading, how well it goes with its prompt.
    """

    alignment: float
    concealment: float | None
    right: tuple[bool, ...]
    each: tuple[float, ...]

    @property
    def rank(self) -> tuple[bool, float, float]:
        """Greater for better images: those whose readings are all right, then by alignment and concealment."""
        return all(self.right), self.alignment, self.concealment or 0.0

    def __str__(self) -> str:
        concealed = "" if self.concealment is None else f"  C {self.concealment:.2f}"
        return f"A {self.alignment:.2f}{concealed}  {sum(self.right)}/{len(self.right)} right"


@attrs.frozen
class Scores:
    """Scores of the images of a run.

    Attributes:
        classifier: Kind of what read them.
        options: The classifier as a recipe would name it, with its options.
        weights: SHA-256 of each of its files of weights.
        prompts: What each reading was to show.
        images: Score of each image by its name.
        hashes: SHA-256 of each image by its name.
        drawn: Scores of all samples of which these images were chosen; none where nobody chose.
    """

    classifier: str
    options: object
    weights: Mapping[str, str]
    prompts: tuple[str, ...]
    images: Mapping[str, Score]
    hashes: Mapping[str, str]
    drawn: tuple[Score, ...] = ()

    @property
    def summary(self) -> dict[str, Any]:
        """Figures of all samples that were drawn, so that choosing the best makes none of them better."""
        drawn = self.drawn or tuple(self.images.values())
        concealments = [score.concealment for score in drawn if score.concealment is not None]
        figures: dict[str, Any] = {"samples": len(drawn)}
        figures["alignment"] = _spread([score.alignment for score in drawn])
        if concealments:
            figures["concealment"] = _spread(concealments)
        readings = zip(*(score.right for score in drawn), strict=True)
        figures["right"] = [_per_hundred(column) for column in readings]
        figures["all_right"] = _per_hundred(all(score.right) for score in drawn)
        return figures

    def write(self, folder: Path) -> None:
        """Write them into the folder of the run.

        Raises:
            RunError: They can't be written, or a file of somebody else's has their name.
        """
        path = folder / SCORES
        if path.exists() and read_scores(folder) is None:
            raise RunError(f"{path} was not written by superpose score: move it away")
        plain = attrs.asdict(self)
        write_text(json.dumps({**plain, "summary": self.summary}, indent=1) + "\n", path)


def read_scores(folder: Path) -> Scores | None:
    """The scores that a folder holds, of the images that are still as they were; None where it holds none."""
    try:
        found = json.loads(read_text(folder / SCORES))
        hashes = found["hashes"]
        same = [name for name in found["images"] if _is(folder / name, hashes.get(name))]
        return Scores(
            classifier=found["classifier"],
            options=found["options"],
            weights=found["weights"],
            prompts=tuple(found["prompts"]),
            images={name: _score(found["images"][name]) for name in same},
            hashes={name: hashes[name] for name in same},
            drawn=tuple(map(_score, found["drawn"])),
        )
    except (RecipeError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _score(plain: Mapping[str, Any]) -> Score:
    return Score(**{**plain, "right": tuple(plain["right"]), "each": tuple(plain["each"])})


def best(scores: Mapping[int, Score], count: int) -> list[int]:
    """Numbers of the best samples, the best first; of equals the first ones drawn."""
    return sorted(scores, key=lambda number: (*(-part for part in scores[number].rank), number))[:count]


def _is(path: Path, content: object) -> bool:
    try:
        return digest(path) == content
    except RecipeError:
        return False


def _spread(values: Sequence[float]) -> dict[str, float]:
    quantiles = {f"q{quantile:g}": float(np.quantile(values, quantile)) for quantile in QUANTILES}
    return {"mean": float(np.mean(values)), **quantiles}


def _per_hundred(right: Iterable[bool]) -> dict[str, float]:
    """How many of 100 samples are right, with the interval of 95 % confidence."""
    seen = list(right)
    low, high = wilson(sum(seen), len(seen))
    return {"per_100": 100 * sum(seen) / len(seen), "low": 100 * low, "high": 100 * high}
