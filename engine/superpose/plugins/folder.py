"""Plugins of one file each, in a folder that the user names for this run: for trying an idea before it is a package.

Only the command line and the environment name the folder, never a recipe: a recipe that could would run code.
"""

from __future__ import annotations

import os
import stat
import sys
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from superpose.errors import PluginError

#: The environment variable that names the folder; ``--plugins-dir`` sets it.
FOLDER = "SUPERPOSE_PLUGINS_DIR"


def folder() -> Path | None:
    """The folder that the user has named; None where there is none.

    Raises:
        PluginError: If what is named is no folder.
    """
    if not (named := os.environ.get(FOLDER, "")):
        return None
    if not (path := Path(named)).is_dir():
        raise PluginError(f"{named} is no folder: --plugins-dir (or {FOLDER}) names one with plugins, a file each")
    return path


def files() -> list[Path]:
    """The plugins in it by name; files that begin with an underscore are no plugins.

    Raises:
        PluginError: If what is named is no folder, or if others may write to it.
    """
    if (place := folder()) is None:
        return []
    found = sorted(path.resolve() for path in place.glob("*.py") if not path.name.startswith("_"))
    for path in (place, *found):
        if os.name == "posix" and path.stat().st_mode & stat.S_IWOTH:
            raise PluginError(
                f"{path} may be written by everybody: chmod o-w it, since superpose runs what is in there"
            )
    return found


def name_of(path: Path) -> str:
    """The name of the plugin in a file: ``half_turn.py`` has ``half-turn``."""
    return path.stem.replace("_", "-")


def version_of(path: Path) -> str:
    """The beginning of a file's SHA-256, which tells two versions apart."""
    return sha256(path.read_bytes()).hexdigest()[:12]


def load(path: Path) -> ModuleType:
    """Run the file as a module of its own name, which no installed module can have."""
    name = module_of(path)
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is no file of Python")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def module_of(path: Path) -> str:
    """The name under which a file is imported."""
    return f"superpose_plugins_dir.{path.stem}"
