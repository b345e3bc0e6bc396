"""The files of a run's folder, as tests compare them."""

from pathlib import Path

from superpose.running.record import RECIPE, RECORD

#: What lies beside the images and the sheet.
BESIDE = [RECIPE, RECORD]


def contents(folder):
    """The bytes of every file that depends on what was run alone: the account has the seconds that it took."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.name != RECORD}
