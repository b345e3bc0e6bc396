"""What a gallery shows in a browser: its canvases as pixels, parts of it as they are on the screen."""

import base64
import io

import numpy as np
import torch
from PIL import Image

from superpose import make, to_pixels

VIEWS = [make("view", "identity"), make("view", "rotate", degrees=90), make("view", "jigsaw"), make("view", "negate")]
ALIGNMENTS = (0.3, 0.9, 0.6, 0.1)
#: Milliseconds that a browser is waited for, beside whatever else the machine does.
PATIENCE = 120_000
EVIL = "# </script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>\n"
PAINTED = "document.querySelectorAll('#grid canvas[data-painted]:not([data-painted=\"\"])').length"
NAMELESS = """[...document.querySelectorAll('button, input, select')].filter((it) =>
  !(it.textContent.trim() || it.getAttribute('aria-label') || it.closest('label')?.textContent.trim())
).map((it) => it.outerHTML)"""


def painted(page, count):
    page.wait_for_function(
        f"document.querySelectorAll('#grid canvas[data-painted]:not([data-painted=\"\"])').length >= {count}"
    )


def settled(page, canvas, way):
    """Wait until a canvas shows a reading."""
    page.wait_for_function(f"document.querySelector({canvas!r}).dataset.painted.endsWith('/{way}')")


def drawn(page, canvas):
    """The pixels of a canvas."""
    address = page.eval_on_selector(canvas, "(canvas) => canvas.toDataURL('image/png')")
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def seen(page, selector):
    """A part of the page as it is on the screen."""
    with Image.open(io.BytesIO(page.locator(selector).screenshot())) as image:
        return np.asarray(image.convert("RGB"))


def names(page):
    # Not the inner texts: those are empty where the browser has not rendered what is out of sight.
    return page.locator("#grid .caption > span:first-child").all_text_contents()


def read(pixels, view):
    images = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))[None] / 127.5 - 1
    return to_pixels(view.apply(images))[0]
