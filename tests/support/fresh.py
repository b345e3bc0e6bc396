"""A fresh environment for tests that install distributions: empty, offline, and made in a moment.

It sees everything that is installed beside the running interpreter, superpose included, so that nothing is
downloaded and torch is not copied; what is installed into it is seen by nobody else.

>>> env = make_environment(tmp_path / "env")
>>> install(env, "path/to/superpose-roll")
>>> run(env, "superpose", "plugins", "--json").stdout
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

#: Tools that build and install without asking anybody on the network.
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check")


def make_environment(path: str | Path) -> Path:
    """Make a virtual environment at ``path`` and return its folder."""
    env = Path(path).resolve()
    venv.EnvBuilder(with_pip=False, symlinks=True).create(env)
    site = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(env), "platbase": str(env)}))
    # addsitedir, because a folder named in a .pth file has its own .pth files ignored: editable installs are such.
    beside = [sysconfig.get_path(kind) for kind in ("purelib", "platlib")]
    lines = [f"import site; site.addsitedir({folder!r})" for folder in dict.fromkeys(beside)]
    (site / "beside.pth").write_text("\n".join(lines) + "\n")
    return env


def install(env: str | Path, *folders: str | Path) -> None:
    """Install the distributions in ``folders`` into ``env``; their sources are left as they are."""
    command = [sys.executable, "-m", "pip", "--python", python_of(env), "install", *OFFLINE, *map(str, folders)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=cleaned())
    assert done.returncode == 0, f"{folders} can't be installed:\n{done.stdout}{done.stderr}"


def run(env: str | Path, /, *command: str, code: int | None = 0, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run a program in the environment.

    Arguments:
        env: The environment.
        command: Program and arguments: python, superpose, or a module to run as a program, such as pytest.
        code: The exit code that it must have; None for any.
        settings: For `subprocess.run`; ``env`` holds variables to add.
    """
    program, *arguments = command
    if program == "superpose":  # its script is beside the running interpreter, and would run that one
        arguments = ["-c", "import sys; from superpose.cli import main; sys.exit(main())", *arguments]
    elif program != "python":
        arguments = ["-m", program, *arguments]
    settings["env"] = cleaned() | settings.get("env", {})
    whole = [python_of(env), *arguments]
    done = subprocess.run(whole, check=False, capture_output=True, text=True, **settings)
    told = f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    assert code is None or done.returncode == code, told
    return done


def python_of(env: str | Path) -> str:
    """The interpreter of an environment."""
    return str(Path(env, "Scripts", "python.exe") if os.name == "nt" else Path(env, "bin", "python"))


def cleaned() -> dict[str, str]:
    """The variables of this process, but for those that would let other modules or plugins in or keep ours out."""
    ours = {"PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "SUPERPOSE_BLOCK_PLUGINS", "VIRTUAL_ENV"}
    settings = {name: value for name, value in os.environ.items() if name not in ours}
    return settings | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
