"""``python -m superpose_edm.convert FILE.pkl FOLDER``: one of EDM's pickles as ``config.json`` and safetensors.

Done once; no code in the file is run. The folder is what ``kind = "edm"`` reads.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from superpose import RecipeError, RunError, SuperposeError, printable, write_tensors, write_text
from superpose_edm.config import EDMConfig
from superpose_edm.model import WEIGHTS
from superpose_edm.records import Record, read_records


def convert(source: Path, folder: Path) -> EDMConfig:
    """Write the network with averaged weights into ``folder``, which is made where it is missing.

    Raises:
        RecipeError: The file is damaged, asks for code, or holds a network that is not known here.
        RunError: The folder can't be written.
    """
    ema: Record = read_records(source)["ema"]
    said = {"preconditioning": ema.name, **ema.state.get("_init_kwargs", {})}
    try:
        text = json.dumps(said, indent=2)
    except TypeError as error:
        raise RecipeError(f"{source}: its options are not plain: {error}") from error
    config = EDMConfig.from_mapping(json.loads(text), str(source))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write into {folder}: {error.strerror or error}") from error
    write_tensors(dict(ema.tensors()), folder / WEIGHTS)
    write_text(text + "\n", folder / "config.json")
    return config


def main(arguments: list[str] | None = None) -> int:
    """The command; 2 for a file that can't be read, with one line that says why."""
    parser = argparse.ArgumentParser(prog="python -m superpose_edm.convert", description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, metavar="FILE.pkl")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    try:
        config = convert(chosen.source, chosen.folder)
    except SuperposeError as error:
        sys.stderr.write(f"{printable(error)}\n")
        return 2
    sys.stdout.write(printable(f"{chosen.folder}: {config.preconditioning} around {config.model_type}") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
