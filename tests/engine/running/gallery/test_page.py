"""A gallery in a real browser, by what a person clicks: pixels, order, words and keys are what they should be."""

import base64
import io
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from gallery_page import EVIL, NAMELESS, VIEWS, drawn, names, painted, read, seen, settled
from made_runs import HEAD, made_run, mapped
from superpose import RecipeError, loads, to_pixels
from superpose.cli import main
from superpose.media.sheet import readings
from superpose.media.word_maps import MAPS, heat
from superpose.running.album import album
from superpose.running.gallery import write_gallery
from superpose.running.gallery.contents import run_of


class TestReadings:
    def test_every_card_shows_what_the_view_shows(self, page, run):
        for way, view in enumerate(VIEWS):
            page.click(f"#readings button:nth-child({way + 1})")
            for number in (0, 3):
                canvas = f"#grid li:nth-child({number + 1}) canvas"
                settled(page, canvas, way)
                assert np.array_equal(drawn(page, canvas), read(run[1][number], view)), (view, number)

    def test_one_image_is_put_together_another_way(self, page, run):
        page.click("#grid li:nth-child(3) .card")
        page.click("#ways >> text=house")
        settled(page, "#picture", 2)
        assert np.array_equal(drawn(page, "#picture"), read(run[1][2], VIEWS[2]))
        assert (
            page.locator("#picture")
            .get_attribute("aria-label")
            .startswith("Sample 0002, seen as house; alignment 0.60")
        )


def test_all_is_done_under_the_policy_that_the_page_has(chromium, run):
    wrong, context = [], chromium.new_context(viewport={"width": 1100, "height": 800})
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto((run[0] / "gallery.html").as_uri())
    page.click("#readings button:nth-child(3)")
    page.locator("#grid li:nth-child(1) canvas[aria-label*='house']").wait_for()
    assert np.array_equal(drawn(page, "#grid li:nth-child(1) canvas"), read(run[1][0], VIEWS[2]))
    assert not wrong
    context.close()


#: What is clicked, and what becomes of the picture on the screen.
HANDS = {
    "turn": lambda x: np.rot90(x, -1),
    "turn turn": lambda x: np.rot90(x, 2),
    "flip": lambda x: x[:, ::-1],
    "flip turn": lambda x: np.rot90(x[:, ::-1], -1),
    "turn flip": lambda x: np.rot90(x, -1)[:, ::-1],
    "negate": lambda x: 255 - x,
    "turn flip negate reset": lambda x: x,
}


class TestHands:
    @pytest.fixture
    def opened(self, page):
        page.click("#grid li:nth-child(2) .card")
        settled(page, "#picture", 0)
        return page

    def look(self, page):
        """The picture on the screen, a value for each of its blocks of four pixels."""
        image = seen(page, "#stage").astype(float)[2:-2, 2:-2]
        size = min(image.shape[:2]) // 16
        middle = (np.arange(16) + 0.5) * size
        rows, columns = (np.clip(middle + (side - 16 * size) / 2, 0, side - 1).astype(int) for side in image.shape[:2])
        return image[rows][:, columns]

    def test_an_image_is_turned_flipped_and_negated(self, opened):
        before = self.look(opened)
        for clicks, change in HANDS.items():
            opened.click("#reset")
            for click in clicks.split():
                opened.click(f"#{click}")
            assert np.abs(self.look(opened) - change(before)).mean() < 4, clicks

    def test_squinting_blurs_and_stepping_back_makes_small(self, opened):
        before = seen(opened, "#stage").astype(float)
        opened.locator("#blur").fill("16")
        assert seen(opened, "#stage").astype(float).std() < 0.7 * before.std()
        opened.click("#reset")
        opened.locator("#far").fill("25")
        box = opened.locator("#picture").bounding_box()
        assert box["width"] == pytest.approx(opened.locator("#stage").bounding_box()["width"] / 4, rel=0.05)

    def test_how_it_was_made_is_told(self, opened, run):
        facts = opened.locator("#facts").inner_text()
        for words in ("1, seed 0", "superpose 0.1.0", "net, SHA-256 abababababab", "cpu", "● right, 0.900", "(reader)"):
            assert words in facts, words
        assert re.search("SHA-256 [0-9a-f]{64}", facts)
        opened.click("#detail summary")
        assert EVIL.strip() in opened.locator("#recipe").inner_text()

    def test_the_command_is_one_that_makes_it_again(self, opened, run):
        opened.click("#copy")
        opened.wait_for_function("/Copied|Selected/.test(document.getElementById('copy').textContent)")
        assert shlex.split(opened.locator("#command").inner_text()) == [
            "superpose", "replay", str(run[0] / "0001.png"), "--out", "again",
        ]  # fmt: skip


class TestMaps:
    @pytest.fixture
    def maps(self, run):
        """Maps of its first three images, and the page that has them."""
        maps = mapped(run[0], count=3)
        write_gallery([run[0]], run[0] / "gallery.html")
        yield maps
        (run[0] / MAPS).unlink()
        write_gallery([run[0]], run[0] / "gallery.html")

    @pytest.fixture
    def opened(self, maps, page):
        page.click("#grid li:nth-child(2) .card")
        settled(page, "#picture", 0)
        return page

    def test_where_a_word_is_looked_for_lies_over_the_picture_in_its_reading(self, opened, maps):
        opened.click("#words >> text=house")
        settled(opened, "#picture", 2)
        for step in (2, 0):
            opened.locator("#step").fill(str(step))
            opened.wait_for_function(f"document.getElementById('map').dataset.painted === '0/0001.png/1/{step}'")
            assert np.array_equal(drawn(opened, "#map"), heat(maps["0001.png"][1, step] / 255))
            assert opened.locator("#step-text").inner_text() == f"step {step}"
        assert opened.locator("#map").get_attribute("aria-label") == "Where the network looks for house at step 0"

    def test_by_keys_and_gone_with_another_reading_or_image(self, opened):
        for word in ("cat", "house"):
            opened.keyboard.press("w")
            assert opened.locator("#words [aria-pressed=true]").inner_text() == word
        opened.keyboard.press("2")
        assert opened.locator("#map").is_hidden()
        assert opened.locator("#words [aria-pressed=true]").count() == 0
        for _ in range(2):
            opened.click("#next")
        assert opened.locator("#detail-title").inner_text() == "Sample 0003"
        assert opened.locator("#maps").is_hidden()
        opened.keyboard.press("w")
        assert opened.locator("#map").is_hidden()


class TestOrder:
    def test_sorted_by_score(self, page):
        page.select_option("#sort", "alignment")
        assert names(page) == ["0001", "0002", "0000", "0003"]
        page.select_option("#sort", "concealment")
        assert names(page) == ["0003", "0000", "0002", "0001"]
        page.select_option("#sort", "number")
        assert names(page) == ["0000", "0001", "0002", "0003"]

    def test_shown_by_score_and_found_by_words(self, page):
        page.select_option("#which", "right")
        assert names(page) == ["0001", "0002"]
        assert page.locator("#status").inner_text() == "2 of 4 images"
        page.select_option("#which", "all")
        page.fill("#find", "0003 dog")
        assert names(page) == ["0003"]
        page.fill("#find", "umbrella")
        assert names(page) == []
        assert page.locator("#status").inner_text() == "0 of 4 images"

    def test_what_is_right_is_told_without_colours(self, page):
        marks = page.locator("#grid .score").all_text_contents()
        assert marks == ["○ 0.30", "● 0.90", "● 0.60", "○ 0.10"]


class TestComparison:
    @pytest.fixture
    def pair(self, page):
        for number in (1, 4):
            page.click(f"#grid li:nth-child({number}) .card", modifiers=["Shift"])
        assert page.locator("#tray-text").inner_text() == "0000 and 0003"
        page.click("#compare-button")
        for canvas in ("#one", "#two"):
            settled(page, canvas, 0)
        return page

    def halves(self, page):
        image = seen(page, "#pair").astype(float)
        middle = image.shape[1] // 2
        return image[:, : middle - 8], image[:, middle + 8 :]

    def test_a_line_slides_between_them(self, pair):
        shares = {}
        for at in (0, 50, 100):
            pair.locator("#slide").fill(str(at))
            shares[at] = self.halves(pair)
        assert np.abs(shares[50][0] - shares[100][0]).mean() < 1
        assert np.abs(shares[50][1] - shares[0][1]).mean() < 1
        assert np.abs(shares[0][0] - shares[100][0]).mean() > 20
        assert pair.locator("#pair-text").inner_text() == "0000 alone"

    def test_who_wants_no_motion_blinks_by_hand(self, pair):
        told = []
        for _ in range(3):
            pair.click("#blink")
            told.append(pair.locator("#pair-text").inner_text())
        assert told == ["0003 alone", "0000 alone", "0003 alone"]
        pair.wait_for_timeout(700)
        assert pair.locator("#pair-text").inner_text() == told[-1]

    def test_blinking_goes_on_for_everyone_else_until_it_is_pressed_again(self, pair):
        pair.emulate_media(reduced_motion="no-preference")
        pair.click("#blink")
        pair.wait_for_function("document.getElementById('pair-text').textContent === '0000 alone'")
        pair.wait_for_function("document.getElementById('pair-text').textContent === '0003 alone'")
        pair.click("#blink")
        assert pair.locator("#blink").get_attribute("aria-pressed") == "false"

    def test_both_are_read_the_same_way(self, pair, run):
        pair.click("#pair-ways >> text=heart")
        settled(pair, "#two", 3)
        assert np.array_equal(drawn(pair, "#two"), 255 - run[1][3])


class TestKeysAndTouch:
    def test_all_can_be_done_by_keys(self, page):
        page.focus("#grid li:nth-child(1) .card")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert page.locator("#detail-title").inner_text() == "Sample 0001"
        page.keyboard.press("ArrowRight")
        assert page.locator("#detail-title").inner_text() == "Sample 0002"
        page.keyboard.press("3")
        settled(page, "#picture", 2)
        page.keyboard.press("n")
        assert page.locator("#negate").get_attribute("aria-pressed") == "true"
        page.keyboard.press("0")
        assert page.locator("#negate").get_attribute("aria-pressed") == "false"
        page.keyboard.press("m")
        page.keyboard.press("Escape")
        assert not page.locator("#detail").is_visible()
        # A dialog tells that it has closed in a task of its own.
        page.wait_for_function("document.activeElement.item?.sample === 2")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("m")
        page.keyboard.press("c")
        assert page.locator("#compare").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        page.keyboard.type("0003")
        assert names(page) == ["0003"]

    def test_swipes_lead_to_the_next_image(self, chromium, run):
        context = chromium.new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
        page = context.new_page()
        page.goto((run[0] / "gallery.html").as_uri())
        page.tap("#grid li:nth-child(1) .card")
        for x, name in ((-120, "Sample 0001"), (120, "Sample 0000")):
            for kind, at in (("pointerdown", 200), ("pointerup", 200 + x)):
                happening = {"pointerType": "touch", "clientX": at, "clientY": 200, "bubbles": True}
                page.dispatch_event("#stage", kind, happening)
            assert page.locator("#detail-title").inner_text() == name
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "the page is wider than the screen"
        context.close()


class TestLook:
    def test_dark_where_the_system_is_unless_one_says_otherwise(self, page):
        def light():
            return page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")

        page.emulate_media(color_scheme="dark")
        assert light() < 60
        page.select_option("#theme", "light")
        assert light() > 200
        page.emulate_media(color_scheme="light")
        page.select_option("#theme", "dark")
        assert light() < 60

    def test_everything_that_can_be_used_has_a_name(self, page):
        nameless = page.evaluate(NAMELESS)
        assert nameless == []

    def test_strangers_words_stay_words(self, page, run):
        assert page.evaluate("window.evil") is None
        assert page.locator("h1").inner_text() == "anagram & <b>"


def test_of_a_thousand_images_those_are_drawn_that_are_looked_at(tmp_path, window):
    made_run(tmp_path / "many", count=1000, side=64)
    path = tmp_path / "gallery.html"
    write_gallery([tmp_path / "many"], path)
    assert path.stat().st_size < 40 * 2**20
    page, wrong, _ = window
    page.goto(path.as_uri())
    painted(page, 7)
    assert page.locator("#grid li").count() == 1000
    there = "[...document.querySelectorAll('#grid canvas')].filter((it) => it.width > 0).length"
    assert page.evaluate(there) < 200
    page.locator("#grid li:nth-child(1000)").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#grid li:nth-child(1000) canvas').width > 0")
    page.wait_for_function("document.querySelector('#grid li:nth-child(1) canvas').width === 0")
    assert page.evaluate(there) < 200
    assert not wrong


def test_large_images_are_made_small_enough_and_moved_as_such(tmp_path):
    made_run(tmp_path / "large", count=2, side=256, noise=True)
    with album(tmp_path / "large") as found:
        told = run_of(found, 2 * 20_000)
    for image in told["images"]:
        data = base64.b64decode(image["picture"].partition(",")[2])
        assert len(data) <= 20_000
        with Image.open(io.BytesIO(data)) as small:
            assert {small.size} == {(way["move"]["width"], way["move"]["height"]) for way in told["readings"]}
    assert told["size"] == [256, 256]


def test_parts_have_pictures_of_their_own(tmp_path, window):
    text = HEAD + '[decomposition]\nkind = "hybrid"\nlow = "cat"\nhigh = "dog"\n'
    pixels = made_run(tmp_path / "hybrid", text, count=1)
    write_gallery([tmp_path / "hybrid"], tmp_path / "page.html")
    page = window[0]
    page.goto((tmp_path / "page.html").as_uri())
    ways = readings(loads(text).subject)
    images = torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32)) / 127.5 - 1
    for way, reading in enumerate(ways):
        page.click(f"#readings button:nth-child({way + 1})")
        settled(page, "#grid canvas", way)
        want = to_pixels(reading.show(images))[0].astype(int)
        assert np.abs(drawn(page, "#grid canvas") - want).max() <= 1, reading.label


def test_runs_share_a_page(tmp_path, window, capsys):
    for name in ("one", "two"):
        made_run(tmp_path / name, count=2)
    out = tmp_path / "both.html"
    assert main(["gallery", str(tmp_path / "one"), str(tmp_path / "two"), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out)]
    page = window[0]
    page.goto(out.as_uri())
    assert names(page) == ["0000 of one", "0001 of one", "0000 of two", "0001 of two"]
    page.select_option("#run", label="two")
    assert names(page) == ["0000 of two", "0001 of two"]


def test_a_page_of_somebody_elses_is_kept(tmp_path):
    made_run(tmp_path / "one", count=1)
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(RecipeError, match="was not written by superpose gallery"):
        write_gallery([tmp_path / "one"], tmp_path / "page.html")
    for _ in range(2):
        write_gallery([tmp_path / "one"], tmp_path / "other.html")


def test_a_gallery_needs_no_torch(run, tmp_path):
    script = (
        "import sys; sys.modules['torch'] = None; from superpose.cli import main; "
        "sys.exit(main(['gallery', sys.argv[1], '--out', sys.argv[2]]))"
    )
    done = subprocess.run([sys.executable, "-c", script, run[0], tmp_path / "page.html"], check=False)
    assert done.returncode == 0
    assert (tmp_path / "page.html").read_text() == (run[0] / "gallery.html").read_text()
