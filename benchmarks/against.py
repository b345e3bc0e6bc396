"""Whole sampling over bare forward passes, beside another checkout of this repository: the ratio of the two ratios.

Both checkouts run their own ``benchmarks/sampling.py``, turn about, each in its own environment ``.venv``, on one
thread and in seconds of the processor, so that other programs on the machine matter little.

    git worktree add ../before REVISION && (cd ../before && python3 -m venv .venv && .venv/bin/pip install -e ".[test]")
    python benchmarks/against.py ../before
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
REPEATS = 7
#: The benchmark as it is there, without diffusers, and with the clock of the processor.
PROGRAM = """
import runpy, sys, time
time.perf_counter = time.process_time
names = runpy.run_path(sys.argv[1])["main"].__globals__
names["_diffusers"] = lambda *arguments: sum(range(1000))
names["main"]()
"""


def main() -> None:
    """Print the table."""
    checkouts = {"here": HERE, "there": Path(sys.argv[1]).resolve()}
    ratios: dict[str, dict[str, list[float]]] = {}
    for repeat in range(REPEATS):
        turns = list(checkouts) if repeat % 2 else list(reversed(checkouts))
        for name in turns:
            for row, ratio in measured(checkouts[name]).items():
                ratios.setdefault(row, {}).setdefault(name, []).append(ratio)
    print(f"one thread, seconds of the processor, medians of {REPEATS} runs each")
    print("| method | batch | here | there | here / there | of each pair of runs |")
    print("|---|---|---|---|---|---|")
    for row, found in ratios.items():
        here, there = (statistics.median(found[name]) for name in ("here", "there"))
        pairs = sorted(one / other for one, other in zip(found["here"], found["there"], strict=True))
        print(f"| {row} | {here:.3f} | {there:.3f} | {here / there:.3f} | {pairs[0]:.3f} to {pairs[-1]:.3f} |")


def measured(checkout: Path) -> dict[str, float]:
    """Ours over bare forward passes by ``method | batch``, in one run of a checkout's own benchmark."""
    command = [checkout / ".venv/bin/python", "-c", PROGRAM, checkout / "benchmarks/sampling.py"]
    settings = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=checkout, env=settings)
    rows = (line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| d"))
    return {f"{kind} | {batch}": float(ratio) for kind, batch, ratio, *_ in rows}


if __name__ == "__main__":
    main()
