"""Search over words: which pairs of a vocabulary one image can show, one upright and one through a view."""
