"""Commands of an environment in which superpose is loaded once: each runs in a copy of that process.

Most of a short command is the import of torch and of the plugins, which is the same every time. A copy (`os.fork`) is
taken before anything has run, so that no command sees what another left; what is proven of loading itself, and what
has variables of its own, needs `fresh.run`.

>>> with Loaded(env) as superpose:
...     superpose("check", "recipes/tides.toml").stdout
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from fresh import cleaned, python_of

SERVER = """
import json, os, sys, traceback
import torch
from superpose import compose, load, sample
from superpose.cli import main
from superpose.plugins import load_plugins

load_plugins()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT), number)
    code = 1
    try:
        code = main(asked["arguments"])
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush(), sys.stderr.flush()
    if "coverage" in sys.modules and (measured := sys.modules["coverage"].Coverage.current()):
        measured.stop(), measured.save()
    os._exit(code or 0)
"""


class Loaded:
    """The program of an environment, ready to run commands.

    Arguments:
        env: The environment, as `fresh.make_environment` makes it.
    """

    def __init__(self, env: str | Path) -> None:
        self._command = [python_of(env), "-c", SERVER]

    def __enter__(self) -> Loaded:
        self._server = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=cleaned()
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.communicate()

    def __call__(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command, which must end with that exit code."""
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder, name) for name in ("stdout", "stderr")}
            asked = {"arguments": arguments, **{name: str(file) for name, file in files.items()}}
            self._server.stdin.write(json.dumps(asked) + "\n")
            self._server.stdin.flush()
            ended = int(self._server.stdout.readline())
            done = subprocess.CompletedProcess(arguments, ended, *(file.read_text() for file in files.values()))
        assert ended == code, f"{' '.join(arguments)} ended with {ended}:\n{done.stdout}{done.stderr}"
        return done
