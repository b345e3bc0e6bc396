"""A run with its page, and the window of a browser that it is opened in."""

import pytest

from browser import browser
from gallery_page import ALIGNMENTS, EVIL, PATIENCE, painted
from made_runs import made_run, scored
from superpose.running.gallery import write_gallery


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of four images with scores, and its page."""
    folder = tmp_path_factory.mktemp("gallery") / "anagram & <b>"
    pixels = made_run(folder, comment=EVIL, side=32)
    scored(folder, ALIGNMENTS)
    write_gallery([folder], folder / "gallery.html")
    return folder, pixels


@pytest.fixture(scope="module")
def window(chromium):
    """A window of somebody who wants no motion, with what went wrong in it and what it asked for."""
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, reduced_motion="reduce", bypass_csp=True)
    context.set_default_timeout(PATIENCE)
    opened, wrong, asked = context.new_page(), [], []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: asked.append(request.url))
    yield opened, wrong, asked
    context.close()


@pytest.fixture
def page(window, run):
    """The page of that run, as it opens; it asks for nothing and nothing fails in it."""
    opened, wrong, asked = window
    opened.emulate_media(reduced_motion="reduce", color_scheme="light")
    asked.clear()
    opened.goto((run[0] / "gallery.html").as_uri())
    painted(opened, 4)
    yield opened
    assert not wrong
    assert [url for url in asked if not url.startswith("data:")] == asked[:1]
