"""A gallery of many samples: its size, and the time until a headless Chromium shows it and its last image.

python benchmarks/gallery.py [--samples 1000] [--side 256]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from browser import browser
from gallery_page import PAINTED
from made_runs import made_run
from superpose.running.gallery import write_gallery

TURNS = 5
LAST = "#grid li:last-child"


def main() -> None:
    """Write a gallery of noise, which can't be packed, open it some times, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--side", type=int, default=256)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made_run(Path(folder) / "many", count=arguments.samples, side=arguments.side, noise=True)
        page = Path(folder) / "many.html"
        began = time.perf_counter()
        write_gallery([Path(folder) / "many"], page)
        written, size = time.perf_counter() - began, page.stat().st_size
        first, last = _opened(page)
    print(
        f"{arguments.samples} samples of {arguments.side} pixels a side, noise, four readings; medians of {TURNS} turns"
    )
    print("| what | |")
    print("|---|---|")
    print(f"| written in | {written:.1f} s |")
    print(f"| size | {size / 2**20:.1f} MB |")
    print(f"| first images shown after | {statistics.median(first):.2f} s |")
    print(f"| last image shown after a jump to the end | {statistics.median(last):.2f} s |")


def _opened(path: Path) -> tuple[list[float], list[float]]:
    """Seconds until the first images are drawn, and from a jump to the end until the last one is."""
    first, last = [], []
    with browser() as chromium:
        for _ in range(TURNS):
            page = chromium.new_page(bypass_csp=True, viewport={"width": 1280, "height": 900})
            began = time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_function(f"{PAINTED} > 0")
            first.append(time.perf_counter() - began)
            began = time.perf_counter()
            page.locator(LAST).scroll_into_view_if_needed()
            page.wait_for_function(f"document.querySelector('{LAST} canvas').dataset.painted")
            last.append(time.perf_counter() - began)
            page.close()
    return first, last


if __name__ == "__main__":
    main()
