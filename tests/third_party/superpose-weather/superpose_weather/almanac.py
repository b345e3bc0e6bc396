"""Almanac: a medium that is one word."""

import attrs
from superpose import Medium, option


@attrs.frozen(kw_only=True)
class Almanac(Medium):
    """Whether an image is bright, as a text beside each."""

    kind = "almanac"
    suffix = ".txt"
    mime = "text/plain"
    bright: float = option(0.5, doc="mean from which on it is bright", ge=0, le=1)
    precise: bool = option(False, doc="whether the mean is written, too")

    def described(self, shape):
        """One word, whatever the size."""
        return "one word, and a number" if self.precise else "one word"

    def encoded(self, pixels, origin):
        """The word of an image."""
        mean = pixels.mean() / 255
        word = "bright" if mean >= self.bright else "dark"
        return (f"{word} {mean}\n" if self.precise else f"{word}\n").encode()
