"""A real browser, headless, for pages that people click through."""

import shutil
from contextlib import contextmanager

import pytest

#: Names of a Chromium that a system may have.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Nothing is asked of the network; a root user has no sandbox.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def browser():
    """A Chromium for the length of the block; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: superpose[test]")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium is installed, which clicks through galleries: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=QUIET)
        try:
            yield started
        finally:
            started.close()
