"""Killing the processes of a sweep, and counting what it has left."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from made_sweeps import images_of

CALL = "import sys; from superpose.cli import main; sys.exit(main(sys.argv[1:]))"

#: A sweep, again and again in a process of its own that dies while it has one file half written, for each of them.
DYING = """
import os, signal, sys
from pathlib import Path
import superpose.running.job
from superpose.cli import main
from superpose.media import writing

names, arguments = sys.argv[1].split(","), sys.argv[2:]
on_disk = writing.on_disk
for name in names:
    child = os.fork()
    if child == 0:
        def dying(path):
            if path.name == name:
                os.kill(os.getpid(), signal.SIGKILL)
            on_disk(path)
        writing.on_disk = dying
        os._exit(main(arguments))
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
        sys.exit(f"{name} was never written")
"""


def die_while_writing(names, recipe, out, *arguments):
    """Have a sweep die once with each of these files half written, one after the other."""
    command = [sys.executable, "-c", DYING, ",".join(names), "sweep", str(recipe), "--out", str(out), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def start(recipe, out, *arguments):
    """Start a sweep in a process of its own."""
    command = [sys.executable, "-c", CALL, "sweep", str(recipe), "--out", str(out), *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def workers_of(process):
    """Numbers of the processes that a driver has started to work for it."""
    found = []
    for number in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        line = Path(f"/proc/{number}/cmdline").read_bytes()
        if b"spawn_main" in line:
            found.append(int(number))
    return found


def kill(number):
    """Kill a process that may have ended already."""
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        return


def ray_workers(_):
    """Numbers of the processes of this machine that are workers of a sweep on Ray."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes()
        except OSError:  # it has just ended
            continue
        if line.startswith(b"ray::_Actor"):
            found.append(int(place.parent.name))
    return found


def made_under_fire(recipe, out, arguments, every, seed=0, workers_of=workers_of):
    """Run a sweep again and again until it ends by itself, while a worker or the driver is killed now and then.

    Arguments:
        recipe: The file.
        out: Its folder.
        arguments: More of the command line.
        every: Images that are made between two kills.
        seed: Of what is killed.
        workers_of: Finds the numbers of the workers of a driver.

    Returns:
        Workers killed, drivers killed.
    """
    chance, killed = random.Random(seed), [0, 0]
    driver, marked = start(recipe, out, *arguments), 0
    while driver.poll() is None:
        time.sleep(0.05)
        count = len(images_of(out))
        if count < marked + every:
            continue
        marked = count
        try:
            workers = workers_of(driver.pid)
        except OSError:  # it has just ended
            continue
        if not workers or chance.random() < 0.3:
            kill(driver.pid)
            driver.wait()
            killed[1] += 1
            driver.stderr.close()
            driver = start(recipe, out, *arguments)
        else:
            kill(chance.choice(workers))
            killed[0] += 1
    told = driver.stderr.read()
    driver.stderr.close()
    assert driver.returncode == 0, told
    return killed
