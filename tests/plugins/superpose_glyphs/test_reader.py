"""The network that reads noisy images, and the files of either kind of reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from superpose import RecipeError
from superpose_glyphs.reader import Reader, load_reader
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.vision import VisionReader

SIDES = (16, 32, 64)


def made(side: int = 32, kind: type[Reader | VisionReader] = Reader) -> Reader | VisionReader:
    torch.manual_seed(0)
    network = kind(5, side=side).eval()
    nn.init.normal_(network.linear_out.weight, std=0.1)
    return network


@pytest.mark.parametrize("side", SIDES)
def test_a_row_does_not_depend_on_its_neighbours(side: int) -> None:
    network, x, t = made(side), torch.randn(4, 3, side, side), torch.tensor([0, 10, 500, 999])
    with torch.no_grad():
        want = network(x, t)
        assert want.shape == (4, 5)
        assert float(want.std(0).min()) > 1e-3, "it says the same of all"
        for order in ([1, 0, 2, 3], [3, 3, 0, 1]):
            assert torch.equal(network(x[order], t[order]), want[order]), order


def test_it_looks_at_the_level_and_at_every_place() -> None:
    network, x = made(), torch.randn(1, 3, 32, 32, requires_grad=True)
    scores = network(x, torch.tensor(300))
    assert not torch.equal(scores, network(x, torch.tensor(700)))
    scores.square().sum().backward()
    assert x.grad is not None
    assert (x.grad != 0).all()
    with torch.no_grad():
        torch.testing.assert_close(network(x, torch.tensor(300)), network(x, torch.tensor([300])))


@pytest.mark.parametrize("kind", [Reader, VisionReader])
def test_what_was_written_is_read(tmp_path: Path, kind: type[Reader | VisionReader]) -> None:
    network = made(32, kind)
    save_halves(network.state_dict(), tmp_path / "model.safetensors")
    (tmp_path / "classes.json").write_text(json.dumps(list("abcde")))
    read = load_reader(tmp_path)
    assert type(read) is kind
    x, t = torch.randn(2, 3, 32, 32), torch.tensor([3, 700])
    with torch.no_grad():
        want = network(x, t)
        assert (read(x, t) - want).abs().max() < 0.02 * want.abs().max()
    assert not any(parameter.requires_grad for parameter in read.parameters())
    (tmp_path / "classes.json").write_text(json.dumps(list("abcd")))
    with pytest.raises(RecipeError, match=r"model\.safetensors"):
        load_reader(tmp_path)
    (tmp_path / "classes.json").write_text("abcd")
    with pytest.raises(RecipeError, match=r"classes\.json is not valid JSON"):
        load_reader(tmp_path)
