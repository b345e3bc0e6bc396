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


def made_under_fire(recipe, out, arguments, every, seed=0):
    """Run a sweep again and again until it ends by itself, while a worker or the driver is killed now and then.

    Arguments:
        recipe: The file.
        out: Its folder.
        arguments: More of the command line.
        every: Images that are made between two kills.
        seed: Of what is killed.

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
