"""Import times of modules, and whether they bring torch.

Measured in a process of its own, with what every plugin finds imported already imported before, so that the figure is
the module's own. Time is that of the processor, in units of what superpose itself takes to import in that process: a
machine that is slow or busy slows both.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping

import attrs

from superpose.errors import LawError

#: A line of ``-X importtime``: microseconds of the module alone, of it with all that it imported, and its name.
_LINE = re.compile(r"^import time: +(\d+) \| +\d+ \| +([\w.]+)$", re.MULTILINE)
#: What stands between the imports of the engine and those that are measured, and what before the times of both.
_MARK = "superpose: from here on it is the module"
_TIMES = "superpose: the engine and the module took "
_PROGRAM = f"""
import json, sys, time
module, sys.path[:] = json.loads(sys.argv[1])
times = [time.process_time()]
import superpose.plugins, superpose.estimate.published, superpose.sampling.gridded
print("\\n{_MARK}", file=sys.stderr, flush=True)
times.append(time.process_time())
__import__(module)  # importlib.import_module would leave the module itself unmeasured
times.append(time.process_time())
print("\\n{_TIMES}" + json.dumps([times[1] - times[0], times[2] - times[1]]), file=sys.stderr, flush=True)
"""
#: Times that an import is measured, as long as it is too slow: what else runs on a machine only ever adds.
TRIES = 3


@attrs.frozen
class Imported:
    """One import of a module.

    Attributes:
        share: Its time, in units of that of superpose.
        modules: What it was the first to import, with the seconds that each took by itself.
    """

    share: float
    modules: Mapping[str, float]

    @property
    def slowest(self) -> str:
        """The three packages that took the most: ``scipy 71 %, pandas 25 %``."""
        packages: dict[str, float] = {}
        for name, seconds in self.modules.items():
            package = name.partition(".")[0]
            packages[package] = packages.get(package, 0.0) + seconds
        worst = sorted(packages, key=lambda package: -packages[package])[:3]
        return ", ".join(f"{package} {packages[package] / sum(packages.values()):.0%}" for package in worst)


def check_import_time(module: str, share: float = 1.0) -> float:
    """Hold a plugin's module to being light: it imports as fast as superpose itself, and brings no torch.

    Arguments:
        module: Its name, as the entry point has it.
        share: What may be spent on the modules that it is the first to import, in units of superpose's own import.

    Returns:
        The share that it took.

    Raises:
        LawError: If it takes longer, imports torch, or can't be imported; names what takes the time.
    """
    found = imported(module)
    if any(name.partition(".")[0] == "torch" for name in found.modules):
        raise LawError(
            f"{module} imports torch when it is imported: move the import into the functions that need it, and under "
            "TYPE_CHECKING for annotations"
        )
    for _ in range(TRIES - 1):
        if found.share > share:
            found = min(found, imported(module), key=lambda one: one.share)
    if found.share > share:
        raise LawError(
            f"{module} takes {found.share:.2g} times as long to import as superpose itself, and may take {share:g}: "
            f"{found.slowest}; move imports into the functions that need them"
        )
    return found.share


def imported(module: str) -> Imported:
    """Import a module in a process of its own.

    Raises:
        LawError: If it can't be imported.
    """
    program = [sys.executable, "-X", "importtime", "-c", _PROGRAM, json.dumps([module, sys.path])]
    done = subprocess.run(program, check=False, capture_output=True, text=True)  # noqa: S603  (this interpreter)
    _, _, after = done.stderr.partition(_MARK)
    after, told, times = after.rpartition(_TIMES)
    if done.returncode or not told:
        lines = [line for line in (after or times).splitlines() if line and not _LINE.match(line)]
        last = lines[-1] if lines else ""
        raise LawError(f"{module} can't be imported: {last or f'exit code {done.returncode}'}")
    engine, own = json.loads(times.splitlines()[0])
    return Imported(own / engine, {name: int(micros) / 1e6 for micros, name in _LINE.findall(after)})
