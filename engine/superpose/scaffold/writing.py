"""Writing a new project: all of it, or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from superpose.errors import PluginError


def write_project(texts: Mapping[str, str], out: Path) -> list[Path]:
    """Write files into a new folder.

    Arguments:
        texts: The text of each file, by its path in the folder.
        out: The folder; it may be there, if nothing is in it.

    Returns:
        The paths of the files.

    Raises:
        PluginError: If the folder has something in it, or can't be written; nothing is left half-written.
    """
    try:
        _refuse_occupied(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        # Beside the folder, so that the last step is a renaming, which is done or not done.
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".superpose-new-") as temporary:
            draft = Path(temporary, "project")  # a folder of our own has the permissions of any other
            draft.mkdir()
            for path, text in texts.items():
                file = draft / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
            if out.is_dir():
                out.rmdir()  # some systems rename to nothing that is there
            draft.rename(out)
    except OSError as error:
        raise PluginError(f"can't write {out}: {error.strerror or error}; choose another folder with --out") from error
    return [out / path for path in texts]


def _refuse_occupied(out: Path) -> None:
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir() or out.is_symlink():
        raise PluginError(f"{out} is there and is no folder: choose another one with --out")
    if out.resolve() == Path.cwd():
        raise PluginError(f"{out} is the folder you work in: go up one, or choose another one with --out")
    if found := sorted(path.name for path in out.iterdir()):
        raise PluginError(f"{out} is not empty ({found[0]} is in it): choose another folder with --out")
