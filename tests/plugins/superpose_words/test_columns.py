"""A row of letters taken apart and put beside each other again."""

import torch

from superpose_words.columns import apart, beside, wide


def test_columns_are_the_letters_in_their_order():
    letters = torch.arange(2 * 3 * 1 * 4 * 5, dtype=torch.float32).view(6, 1, 4, 5)
    canvas = torch.stack([torch.cat([*letters[:3]], -1), torch.cat([*letters[3:]], -1)])
    assert torch.equal(apart(canvas, 3), letters)
    assert torch.equal(beside(letters, 3), canvas)
    assert tuple(canvas.shape[1:]) == wide((1, 4, 5), 3)
