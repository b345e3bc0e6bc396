"""Problems of a kind as one text, for tests."""

from superpose import problems_of


def told(kind, *about):
    """What stands against a kind there; empty where nothing does."""
    return "; ".join(map(str, problems_of(kind.problems, *about)))


def shows_all(view, shape):
    """True where a view shows the whole of images of that size: it has no problem with it, and is no part."""
    if told(view, shape):
        return False
    windows = view.windows(shape)
    return len(windows) == 1 and windows[0].share() is None
