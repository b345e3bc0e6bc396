"""Import times of modules, and whether they bring torch.

Measured by ``python -X importtime`` in a process of its own, with what every plugin finds imported already imported
before, so that the figure is the module's own. The least of a few tries: a busy machine only ever adds.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

from superpose.errors import LawError

#: A line of ``-X importtime``: microseconds of the module alone, of it with all that it imported, and its name.
_LINE = re.compile(r"^import time: +(\d+) \| +\d+ \| +([\w.]+)$", re.MULTILINE)
#: What stands between the imports of the engine and those that are measured.
_MARK = "superpose: from here on it is the module"
_PROGRAM = f"""
import json, sys
module, sys.path[:] = json.loads(sys.argv[1])
import superpose.plugins, superpose.estimate.published, superpose.sampling.gridded
print("\\n{_MARK}", file=sys.stderr, flush=True)
__import__(module)  # importlib.import_module would leave the module itself unmeasured
"""
#: Times that an import is measured, as long as it is too slow.
TRIES = 3


def check_import_time(module: str, seconds: float = 0.1) -> float:
    """Hold a plugin's module to being light: it may take ``seconds`` to import, and brings no torch.

    Arguments:
        module: Its name, as the entry point has it.
        seconds: What may be spent on the modules that it is the first to import.

    Returns:
        The seconds that it took.

    Raises:
        LawError: If it takes longer, imports torch, or can't be imported; names what takes the time.
    """
    spent = imports(module)
    if any(name.partition(".")[0] == "torch" for name in spent):
        raise LawError(
            f"{module} imports torch when it is imported ({_seconds(spent):.2g} s): move the import into the functions "
            "that need it, and under TYPE_CHECKING for annotations"
        )
    for _ in range(TRIES - 1):
        if _seconds(spent) > seconds:
            spent = min(spent, imports(module), key=_seconds)
    if (took := _seconds(spent)) > seconds:
        raise LawError(
            f"{module} takes {took:.2g} s to import, and may take {seconds:g}: {_slowest(spent)}; move imports into "
            "the functions that need them"
        )
    return took


def imports(module: str) -> dict[str, float]:
    """The modules that importing ``module`` is the first to import, with the seconds that each takes by itself.

    Raises:
        LawError: If it can't be imported.
    """
    import json

    program = [sys.executable, "-X", "importtime", "-c", _PROGRAM, json.dumps([module, sys.path])]
    done = subprocess.run(program, check=False, capture_output=True, text=True)  # noqa: S603  (this interpreter)
    _, mark, after = done.stderr.partition(_MARK)
    if done.returncode or not mark:
        told = [line for line in after.splitlines() if line and not _LINE.match(line)]
        last = told[-1] if told else ""
        raise LawError(f"{module} can't be imported: {last or f'exit code {done.returncode}'}")
    return {name: int(micros) / 1e6 for micros, name in _LINE.findall(after)}


def _seconds(spent: Mapping[str, float]) -> float:
    return sum(spent.values())


def _slowest(spent: Mapping[str, float]) -> str:
    """The three packages that take the most: ``scipy 1.20 s, pandas 0.41 s``."""
    packages: dict[str, float] = {}
    for name, seconds in spent.items():
        package = name.partition(".")[0]
        packages[package] = packages.get(package, 0.0) + seconds
    worst = sorted(packages, key=lambda package: -packages[package])[:3]
    return ", ".join(f"{package} {packages[package]:.2f} s" for package in worst)
