"""The network that edits: squares of two images in, of one out, and the image beside every sample."""

from __future__ import annotations

import torch

from superpose import NoiseLevel
from superpose_glyphs.editor import edited, editing, laid
from superpose_glyphs.train.batches import Subject
from superpose_glyphs.train.editing import Editing

SHAPE = (3, 32, 32)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    made = Editing(Subject(("make it red",), inked=False)).network().eval()
    torch.nn.init.normal_(made.conv_out.weight, std=0.05)
    torch.nn.init.normal_(made.conv_in.weight, std=0.05)
    return made


def test_a_pass_is_of_its_level_and_in_float32() -> None:
    made, x, labels = network(), torch.randn(2, 6, 32, 32), torch.tensor([0, 1])
    with torch.no_grad():
        got = editing(made)(x, NoiseLevel(0, 300.0, 0.8, 0.6), {"labels": labels})  # type: ignore[arg-type]
        assert torch.allclose(got, edited(made, x, torch.tensor(300.0), labels), atol=1e-5)  # type: ignore[arg-type]
    assert got.shape == (2, *SHAPE)
    assert got.dtype == torch.float32


def test_the_image_is_moved_where_its_squares_are() -> None:
    made, x, labels = network(), torch.randn(1, 6, 32, 32), torch.tensor([0])
    with torch.no_grad():
        one, other = (edited(made, each, torch.tensor(9), labels) for each in (x, x.flip(0)))  # type: ignore[arg-type]
    assert torch.equal(one, other)


def test_the_image_lies_beside_every_sample_and_zeros_where_there_is_none() -> None:
    image = torch.rand(SHAPE)
    for given, want in ((image, image), (None, torch.zeros(SHAPE))):
        conditioning = laid(given, SHAPE, "cpu")(None, lambda *_: torch.zeros(2, *SHAPE))
        assert conditioning is not None
        assert torch.equal(conditioning.channels, torch.stack([want, want]))
