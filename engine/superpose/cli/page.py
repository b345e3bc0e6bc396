"""A page on this machine alone that shows the estimates of a run as they form, in any browser.

It is told of each new picture by server-sent events, and asks for nothing else. Whoever may see it knows its address,
which has a word in it that nobody guesses; a page of another site that finds the port is refused by the name that it
calls the host.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from superpose.cli.preview import Room
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from superpose.cli.preview import Estimates

#: Samples on the page, and pixels of each from left to right, at most.
ROOM = Room(64, 256)
#: Seconds after which a browser that takes nothing is given up, and between two signs of life.
PATIENCE, BEAT = 2.0, 5.0
#: What a browser may call the host.
HOSTS = {"127.0.0.1", "localhost"}


class Page:
    """The screen that a local page is, from its making to the end of the block.

    Arguments:
        title: What is made.
        asked: What each reading should show, in words.
        samples: Says which samples are carried now.
        port: Where it is served; 0 for any that is free.

    Raises:
        RecipeError: If the port is taken.
    """

    def __init__(self, title: str, asked: Sequence[str], samples: Callable[[], Sequence[int]], port: int = 0) -> None:
        self.samples = samples
        self.about = {"title": title, "asked": list(asked)}
        self.news = threading.Condition()
        self.number, self.words, self.over, self.looking = 0, "", False, 0
        self._shown: tuple[Estimates, tuple[int, ...]] | None = None
        self._told: tuple[int, bytes] = (-1, b"")
        word = secrets.token_urlsafe(9)
        try:
            self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self, f"/{word}/"))
        except OSError as error:
            raise RecipeError(f"--preview-on: port {port} can't be served: {error.strerror}") from error
        self.address = f"http://127.0.0.1:{self.server.server_port}/{word}/"

    def room(self, width: int) -> Room:
        """The same for all."""
        del width
        return ROOM

    def show(self, estimates: Estimates) -> None:
        """Have these be what browsers are told next; they are encoded when one asks."""
        with self.news:
            self._shown = estimates, tuple(self.samples())[: len(estimates.pixels)]
            self.number += 1
            self.news.notify_all()

    def end(self, words: str) -> None:
        """Say on the page how the run has ended."""
        with self.news:
            self.words, self.over = words, True
            self.number += 1
            self.news.notify_all()

    def __enter__(self) -> Page:
        """Serve it."""
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        """Serve it no more, once those who look have been told the end."""
        if not self.over:
            self.end("The run has stopped.")
        with self.news:
            self.news.wait_for(lambda: not self.looking, PATIENCE)
        self.server.shutdown()
        self.server.server_close()

    @contextlib.contextmanager
    def looked_at(self) -> Iterator[None]:
        """Somebody looks, for the length of the block."""
        with self.news:
            self.looking += 1
        try:
            yield
        finally:
            with self.news:
                self.looking -= 1
                self.news.notify_all()

    def after(self, number: int) -> tuple[int, bytes]:
        """The news after those of a number, as a server-sent event; a comment where there are none for a while."""
        with self.news:
            self.news.wait_for(lambda: self.number > number, BEAT)
            if self.number <= number:
                return number, b": still here\n\n"
            if self._told[0] != self.number:
                self._told = self.number, b"data: " + json.dumps(self._news()).encode() + b"\n\n"
            return self._told

    def _news(self) -> dict[str, Any]:
        told: dict[str, Any] = {**self.about, "over": self.over, "words": self.words}
        if self._shown is not None:
            estimates, samples = self._shown
            images = [
                {"sample": sample, "src": "data:image/png;base64," + _png(pixels)}
                for sample, pixels in zip(samples, estimates.pixels, strict=False)
            ]
            told |= {"step": estimates.index + 1, "steps": estimates.total, "images": images}
        return told


def _handler(page: Page, path: str) -> type[BaseHTTPRequestHandler]:
    """The handler of a page's requests below a path."""

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_GET(self) -> None:
            """Answer with the page, or its news, to whoever knows its address."""
            if self.headers.get("Host", "").rpartition(":")[0] not in HOSTS:
                self.send_error(HTTPStatus.FORBIDDEN)
            elif self.path == path:
                self._send("text/html; charset=utf-8")
                self.wfile.write(files("superpose.cli").joinpath("page.html").read_bytes())
            elif self.path == f"{path}news":
                self._send("text/event-stream")
                self._tell()
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _send(self, kind: str) -> None:
            self.send_response(HTTPStatus.OK)
            for name, value in {
                "Content-Type": kind,
                "Cache-Control": "no-store",
                "X-Frame-Options": "DENY",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            }.items():
                self.send_header(name, value)
            self.end_headers()

        def _tell(self) -> None:
            number = 0
            # Whoever looked may have gone, or sleep.
            with page.looked_at(), contextlib.suppress(OSError):
                while not (page.over and number == page.number):
                    number, told = page.after(number)
                    self.wfile.write(told)

        def log_message(self, *arguments: object) -> None:
            """Say nothing on the terminal, where the bar is."""

    return Handler


def _png(pixels: Any) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()
