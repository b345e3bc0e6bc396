"""Results of a sweep as tables: a line for each image, with every axis and what is known of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.media.writing import replacing, write_text
from superpose.running.sweep.folder import JOBS, SweepFolder
from superpose.search.scores import read_scores

if TYPE_CHECKING:
    from superpose.running.sweep.plan import SweepPlan
    from superpose.search.scores import Score

LINES, TABLE, PARQUET = "results.jsonl", "results.csv", "results.parquet"


@attrs.frozen
class ImageRow:
    """An image of a sweep.

    Attributes:
        values: The value of each axis.
        sample: Number of the sample.
        image: Its path, from the folder of the sweep.
        sha256: Of its bytes.
        job: The job that made it.
        seconds: Time that its job spent sampling, shared among its samples.
        device: Kind of device that it was made on.
        scores: What was read of it: ``alignment``, ``concealment``, ``right``; empty where nobody has scored its job.
    """

    values: Mapping[str, object]
    sample: int
    image: str
    sha256: str
    job: str
    seconds: float
    device: str
    scores: Mapping[str, object] = attrs.field(factory=dict)

    @property
    def cells(self) -> dict[str, object]:
        """The row of a table: axes first; what is no text and no number as JSON."""
        axes = {key: it if isinstance(it, str | int | float) else json.dumps(it) for key, it in self.values.items()}
        rest = attrs.asdict(self, filter=lambda field, _: field.name not in ("values", "scores"))
        return {**axes, **rest, **self.scores}


def rows_of(folder: SweepFolder, plan: SweepPlan) -> Iterator[ImageRow]:
    """Every image that is there, in the order of the plan; an image of several points has a row for each.

    Images were looked at when the sweep began, or by those who made them, and are not read once more.
    """
    for job in plan.jobs:
        record = folder.record(job.job)
        if record is None:
            continue
        scores = read_scores(folder.job(job.job))
        for point in job.points:
            for sample, (name, content) in zip(record.samples, record.images.items(), strict=True):
                place = f"{JOBS}/{job.job}/{name}"
                seconds = round(record.seconds / len(record.samples), 4)
                score = scores.images.get(name) if scores else None
                read = _scores(score) if score else {}
                yield ImageRow(point, sample, place, content, job.job, seconds, record.device, read)


def _scores(score: Score) -> dict[str, object]:
    return {"alignment": score.alignment, "concealment": score.concealment, "right": all(score.right)}


def write_results(folder: SweepFolder, plan: SweepPlan) -> list[Path]:
    """Write what is there as lines of JSON and as a table.

    Returns:
        Both files.

    Raises:
        RunError: If they can't be written.
    """
    rows = list(rows_of(folder, plan))
    lines = "".join(f"{json.dumps(attrs.asdict(row))}\n" for row in rows)
    cells = [row.cells for row in rows]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in cells for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(cells)
    paths = [folder.path / LINES, folder.path / TABLE]
    for path, content in zip(paths, (lines, text.getvalue()), strict=True):
        write_text(content, path)
    return paths


def write_parquet(folder: SweepFolder, plan: SweepPlan) -> Path:
    """Write the table as Parquet.

    Raises:
        RecipeError: If pyarrow is not installed.
        RunError: If it can't be written.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError as error:
        raise RecipeError('Parquet needs pyarrow: pip install "superpose[parquet]"') from error
    cells = [row.cells for row in rows_of(folder, plan)]
    keys = dict.fromkeys(key for row in cells for key in row)
    columns = {key: _of_one_type([row.get(key) for row in cells]) for key in keys}
    with replacing(folder.path / PARQUET) as draft:
        parquet.write_table(pyarrow.table(columns), draft)
    return folder.path / PARQUET


def _of_one_type(values: list[object]) -> list[object]:
    """A column as Parquet takes it: whole numbers beside others become such, and all else text."""
    types = {type(value) for value in values if value is not None}
    if len(types) < 2:
        return values
    if types == {int, float}:
        return [float(value) if isinstance(value, int) else value for value in values]
    return [None if value is None else str(value) for value in values]
