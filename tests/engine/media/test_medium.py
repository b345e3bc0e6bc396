"""The interface of media: what a kind need not say."""

import attrs

from superpose import Medium, problems_of


@attrs.frozen(kw_only=True)
class Sum(Medium):
    """The sum of the pixels."""

    kind = "sum"
    suffix = ".txt"
    mime = "text/plain"

    def described(self, shape):
        return "a number"

    def encoded(self, pixels, origin):
        return str(int(pixels.astype(int).sum())).encode()


def test_any_image_will_do_where_nothing_else_is_said():
    assert not problems_of(Sum().problems, (3, 1, 1))
