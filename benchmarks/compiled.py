"""What ``run.compile`` costs and gives on a processor: ``python benchmarks/compiled.py``

Each network compiled and not, asked in turn, in seconds of the processor: once as a run asks it there (row by row
where it is compiled), and once as a block of rows in one graph, as other devices are asked. The first call, which
compiles, is told apart: in seconds, with a cold cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial

import torch

import superpose
from superpose.estimate.compiling import compile_module

KINDS = ("glyphs", "glyphs-ldm")


def spent(ask: Callable[[], object]) -> float:
    """Seconds of the processor, every thread's."""
    start = time.process_time()
    ask()
    return time.process_time() - start


def medians(asked: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The middle of ``repeats`` for each, taken in turn."""
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(repeats + 3):  # the first three warm caches
        for name, ask in asked.items():
            taken[name].append(spent(ask))
    return {name: statistics.median(times[3:]) for name, times in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    print("| model | rows | as a run asks / eager | as one block / eager | first call, s |\n|---|---|---|---|---|")
    for kind in KINDS:
        eager, apart, block = (superpose.model(kind) for _ in range(3))
        apart.compile()
        for module in block.modules:  # type: ignore[attr-defined]
            compile_module(module)
        level = eager.schedule.level(0, 500)
        told = eager.condition(eager.model.unconditional)  # type: ignore[attr-defined]
        for rows in chosen.rows:
            x, given = torch.randn(rows, *eager.shape), eager.gather([told] * rows)
            asked: dict[str, Callable[[], object]] = {
                name: partial(it.predict, x, level, given)
                for name, it in {"eager": eager, "apart": apart, "block": block}.items()
            }
            with torch.no_grad():
                began = time.perf_counter()
                asked["apart"]()
                first = time.perf_counter() - began
                took = medians(asked, chosen.repeats)
            ratios = " | ".join(f"{took[name] / took['eager']:.2f}" for name in ("apart", "block"))
            print(f"| {kind} | {rows} | {ratios} | {first:.1f} |", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as cold:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cold
        main()
