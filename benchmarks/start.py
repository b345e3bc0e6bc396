"""The start of the program: ``superpose --help`` beside Python alone, turn by turn, in seconds of the processor.

python benchmarks/start.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

TURNS = 15
RUNS = {
    "python alone": "pass",
    "superpose --help": "from superpose.cli import main; main(['--help'])",
    "superpose kinds": "from superpose.cli import main; main(['kinds'])",
}


def main() -> None:
    """Print the table."""
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    for turn in range(TURNS + 1):
        for name, code in RUNS.items():
            before = os.times()
            subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
            after = os.times()
            if turn:  # the first warms up
                used = after.children_user + after.children_system - before.children_user - before.children_system
                seconds[name].append(used)
    print(f"Python {sys.version.split()[0]}, medians of {TURNS} turns")
    print("| what | seconds of the processor |")
    print("|---|---|")
    for name, used in seconds.items():
        print(f"| `{name}` | {statistics.median(used):.2f} |")


if __name__ == "__main__":
    main()
