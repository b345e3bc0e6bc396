"""Problems of a kind as one text, for tests."""

from superpose import problems_of


def told(kind, *about):
    """What stands against a kind there; empty where nothing does."""
    return "; ".join(map(str, problems_of(kind.problems, *about)))
