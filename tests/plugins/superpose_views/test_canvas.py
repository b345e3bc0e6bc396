"""One of several canvases: the part of the stack that it is."""

from problems import told
from superpose import make


def test_it_shows_the_canvas_of_its_number():
    assert make("view", "canvas", number=2).place(32, 8) == (16, 0, 8, 8)
    assert make("view", "canvas", number=1, of=2).place(32, 8) == (16, 0, 16, 8)
    [window] = make("view", "canvas", number=1).windows((3, 16, 8))
    assert (window.top, window.height, window.whole) == (8, 8, (16, 8))


def test_a_number_too_large_and_rows_that_are_no_canvases_are_refused():
    assert "there is no canvas 4: there are 4" in told(make("view", "canvas", number=4), (3, 32, 8))
    assert "30 rows are not 4 equal parts" in told(make("view", "canvas", of=4), (3, 30, 8))
