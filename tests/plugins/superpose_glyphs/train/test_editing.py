"""Edits in training: pairs are read as they were made, moved together, and told less now and then."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from superpose_glyphs.edit import GlyphsEdit
from superpose_glyphs.editor import edited
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.editing import Editing, moved, read_pairs
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.run import main

SUBJECT = Subject(("make it bold", "make it red"), inked=False)
PLAN = Plan(batch=6, steps=3, unprompted=0.05)


def images(count: int = 8) -> Images:
    colours = np.random.default_rng(0).integers(0, 256, (count, 1, 2, 3), np.uint8)
    return Images(colours.repeat(32, 1).repeat(32, 2), np.arange(count) % 2, SUBJECT)


def made(folder: Path, lines: list[dict[str, str]]) -> Path:
    for name, grey in (("a", 10), ("b", 200)):
        Image.new("RGB", (32, 32), (grey,) * 3).save(folder / f"{name}.png")
    (folder / "edits.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_pairs_are_read_side_by_side(tmp_path: Path) -> None:
    lines = [
        {"before": "a.png", "instruction": "make it red", "after": "b.png"},
        {"before": "b.png", "instruction": "make it bold", "after": "a.png"},
    ]
    found = Editing.read(made(tmp_path, lines), PLAN)
    assert found.subject == SUBJECT
    assert found.labels.tolist() == [1, 0]
    assert found.pixels[:, 0, [0, 63], 0].tolist() == [[10, 200], [200, 10]]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "edits.jsonl has no pair"),
        ([{"before": "a.png", "after": "b.png"}], "has a line that is no pair of superpose edits"),
        ([{"before": "a.png", "after": "c.png", "instruction": "x"}], "c.png"),
        (
            [{"before": "a.png", "after": "large.png", "instruction": "x"}],
            r"large.png is 40x40, and this model edits 32x32",
        ),
    ],
)
def test_what_is_no_pair_is_told(lines: list[dict[str, str]], why: str, tmp_path: Path) -> None:
    Image.new("RGB", (40, 40)).save(tmp_path / "large.png")
    with pytest.raises((ValueError, OSError), match=why):
        read_pairs(made(tmp_path, lines), 32)


def test_a_folder_without_pairs_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no edits\.jsonl: make pairs with superpose edits"):
        read_pairs(tmp_path, 32)


def test_the_command_learns_from_a_folder_of_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, state = (
        made(tmp_path, [{"before": "a.png", "instruction": "make it red", "after": "b.png"}]),
        tmp_path / "run",
    )
    command = ["glyphs-edit", "--state", str(state), "--threads", "1", "--batch", "2", "--steps", "2"]
    main([*command, "--data", str(folder)])
    assert GlyphsEdit(path=state / "weights").prompts == ("make it red", "")
    with pytest.raises(SystemExit):
        main([*command, "--data", str(state)])
    assert "there is no edits.jsonl: make pairs with superpose edits" in capsys.readouterr().err


def test_both_images_of_a_pair_are_moved_alike() -> None:
    rng = np.random.default_rng(0)
    before = rng.random((50, 3, 32, 32), np.float32)
    found = moved(np.concatenate((before, 1 - before), 3), rng)
    one, other = np.split(found, 2, 3)
    assert np.allclose(one, 1 - other)
    assert len({tuple(image[0, 16, 10:20]) for image in one}) == 50
    assert (np.abs(one - before).max((1, 2, 3)) > 0).mean() > 0.9


def test_instructions_and_images_are_left_out_each_and_both() -> None:
    batch = Editing(SUBJECT).batch(images(), attrs.evolve(PLAN, batch=6000), 0)
    mute, blind = batch.label == 2, batch.before.abs().amax((1, 2, 3)) == 0
    for share in (mute & ~blind, mute & blind, ~mute & blind):
        assert abs(float(share.float().mean()) - 0.05) < 0.012
    told = ~mute & ~blind
    assert abs(float(told.float().mean()) - 0.85) < 0.02


def test_at_first_the_image_before_is_not_seen() -> None:
    torch.manual_seed(0)
    network = Editing(SUBJECT).network().eval()
    nn.init.normal_(network.conv_out.weight, std=0.05)
    x, t, label = torch.randn(2, 6, 32, 32), torch.tensor([3, 700]), torch.tensor([0, 1])
    other = torch.cat((x[:, :3], torch.randn(2, 3, 32, 32)), 1)
    with torch.no_grad():
        assert torch.equal(edited(network, x, t, label), edited(network, other, t, label))


def test_it_learns() -> None:
    torch.manual_seed(0)
    task = Editing(SUBJECT)
    network, batch = task.network(), task.batch(images(), PLAN, 0)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(20):
        loss = task.loss(network, batch, PLAN)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]
    assert float(network.conv_in.weight[:, 12:].detach().abs().max()) > 0, "it comes to see the image before"


def test_what_was_trained_is_what_is_loaded_and_gone_on_from(tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = Editing(SUBJECT)
    network = task.network().eval()
    nn.init.normal_(network.conv_out.weight, std=0.05)
    nn.init.normal_(network.conv_in.weight, std=0.05)
    task.export(network, tmp_path)
    again = Editing(SUBJECT, tmp_path).network()
    assert all((a - b).abs().max() < 1e-3 for a, b in zip(again.parameters(), network.parameters(), strict=True))
    model = GlyphsEdit(path=tmp_path)
    assert model.prompts == (*SUBJECT.classes, "")
    predictor, x = model.load(), torch.randn(2, 6, 32, 32)
    given = predictor.gather([predictor.condition(prompt) for prompt in ("make it red", "")])
    with torch.no_grad():
        want = edited(network, x, torch.full((2,), 300), torch.tensor([1, 2]))
    got = predictor.predict(x, predictor.schedule.level(0, 300), given).output
    assert (got - want).abs().max() < 0.01 * want.abs().max()
