"""The page of a preview, in a real browser and asked by hand."""

import base64
import http.client
import io
import json
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

from browser import browser
from gallery_page import NAMELESS, PATIENCE
from superpose import RecipeError
from superpose.cli.page import ROOM, Page
from superpose.cli.preview import Estimates


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


def estimates(count=3, index=4):
    rng = np.random.default_rng(index)
    return Estimates(rng.integers(0, 256, (count, 8, 8, 3), np.uint8), index, 30)


def shown(page):
    """The pixels of every image on the page."""
    sources = page.eval_on_selector_all("#images img", "(images) => images.map((image) => image.src)")
    blocks = (base64.b64decode(source.partition(",")[2]) for source in sources)
    return np.stack([np.asarray(Image.open(io.BytesIO(block))) for block in blocks])


def test_a_browser_sees_images_form_until_the_run_is_over(chromium):
    context = chromium.new_context(viewport={"width": 700, "height": 500}, color_scheme="dark")
    context.set_default_timeout(PATIENCE)
    opened, wrong, asked = context.new_page(), [], []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: asked.append(request.url))
    with Page("a <b>run", ["cat", "dog & <i>"], lambda: (7, 8, 9), 0) as page:
        opened.goto(page.address)
        assert opened.locator("#words").text_content() == "Waiting for the first step."
        page.show(estimates())
        opened.locator("#images li:nth-child(3) img[alt]").wait_for()
        assert np.array_equal(shown(opened), estimates().pixels)
        assert opened.locator("#title").text_content() == "a <b>run"
        assert opened.locator("#asked").text_content() == "cat · dog & <i>"
        assert opened.locator("figcaption").all_text_contents() == ["0007", "0008", "0009"]
        alts = opened.eval_on_selector_all("#images img", "(images) => images.map((image) => image.alt)")
        assert alts[0] == "Sample 7 as it is thought to become, after step 5 of 30"
        first = opened.locator("#images img").first.element_handle()
        page.show(estimates(index=9))
        opened.locator("progress[value='10']").wait_for()
        assert np.array_equal(shown(opened), estimates(index=9).pixels)
        assert first.evaluate("(image) => image.isConnected"), "a picture changes, and is not made anew"
        assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 21)"
        assert not opened.evaluate(NAMELESS)
        page.end("The run is over; its images are in runs/x.")
    opened.locator("#words", has_text="The run is over; its images are in runs/x.").wait_for()
    assert len(shown(opened)) == 3, "what was last seen stays"
    assert not wrong
    assert {url for url in asked if not url.startswith("data:")} == {page.address, f"{page.address}news"}
    context.close()


def test_a_page_whose_run_has_failed_says_so(chromium):
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    with Page("run", [], tuple, 0) as page:
        page.show(estimates())
        opened.goto(page.address)
        opened.locator("progress[value='5']").wait_for()
    opened.locator("#words", has_text="The run has stopped.").wait_for()
    context.close()


def news(page):
    with urllib.request.urlopen(f"{page.address}news", timeout=60) as stream:
        return [json.loads(line.removeprefix(b"data: ")) for line in stream if line.startswith(b"data: ")]


def test_who_comes_late_is_told_the_last():
    with Page("run", ["A"], lambda: range(100), 0) as page:
        page.show(estimates(index=1))
        page.show(estimates(count=ROOM.count, index=2))
        page.end("over")
        [told] = news(page)
    assert (told["step"], told["over"], told["words"]) == (3, True, "over")
    assert [each["sample"] for each in told["images"]] == list(range(ROOM.count))


@pytest.mark.parametrize(
    ("path", "host", "code"),
    [
        ("", None, 200),
        ("", "localhost:1", 200),
        ("", "evil.example:80", 403),
        ("", "127.0.0.1.evil.example:80", 403),
        ("../", None, 404),
        ("page.html", None, 404),
    ],
)
def test_strangers_see_nothing(path, host, code):
    with Page("run", ["secret"], tuple, 0) as page:
        address = page.address.removeprefix("http://")
        where, _, below = address.partition("/")
        connection = http.client.HTTPConnection(where, timeout=60)
        connection.request("GET", f"/{below}{path}" if path != "../" else "/", headers={"Host": host} if host else {})
        answer = connection.getresponse()
        assert answer.status == code
        body = answer.read()
        assert (b"EventSource" in body) == (code == 200)
        assert b"secret" not in body
        if code == 200:
            assert b"default-src 'none'" in body
        connection.close()


def test_a_port_that_is_taken_is_told():
    with Page("run", [], tuple, 0) as page:
        port = page.server.server_port
        with pytest.raises(RecipeError, match=f"--preview-on: port {port} can't be served"):
            Page("other", [], tuple, port)
