"""Pictograms: how images are moved, what a network inherits, and what their judge measures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from superpose import PromptError, RecipeError, guided, make, prompted, sample
from superpose_glyphs.captions import WORDS, read_caption
from superpose_glyphs.judge.captioned import drawn, nearest, outlined
from superpose_glyphs.judge.captioned import main as judge
from superpose_glyphs.phrases import COLOURS
from superpose_glyphs.pictograms import Pictograms, PictogramsClassifier
from superpose_glyphs.reader import load_reader
from superpose_glyphs.train.batches import LEGIBLE, Images, Subject
from superpose_glyphs.train.captioned import CONFIG, Captioning, Painter, inherit, painted_as
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.train.reading import ReadingPictograms, SeeingPictograms
from superpose_glyphs.train.run import main as train
from superpose_glyphs.unshuffled import see
from superpose_networks import UNet2D, UNet2DConfig

STILL = Freedom(turn=0, smallest=1, largest=1, shift=0, mirror=False)


def test_painted_as_captions_say() -> None:
    captions, ink, paper = painted_as(np.random.default_rng(0), 400)
    assert np.linalg.norm(ink - paper, axis=1).min() > LEGIBLE - 0.2  # named colours stray a little
    named = [row for row, one in enumerate(captions) if one.ink and not np.isin(ink[row], (0, 1)).all()]
    for row in named:
        for found, name in ((ink[row], captions[row].ink), (paper[row], captions[row].paper)):
            assert np.abs(found - COLOURS[name or ""]).max() < 0.041
    plain = [row for row, one in enumerate(captions) if (ink[row] == 0).all() and (paper[row] == 1).all()]
    assert all((captions[row].ink, captions[row].paper) == ("black", "white") for row in plain)
    assert 0.4 < len(plain) / 400 < 0.6


def disc(side: int = 64, radius: float = 12, at: tuple[float, float] = (31.5, 31.5)) -> np.ndarray[Any, Any]:
    y, x = np.mgrid[:side, :side]
    return ((np.hypot(y - at[0], x - at[1]) < radius) * 255).astype(np.uint8)


def test_freedom_moves_what_an_image_shows() -> None:
    rng = np.random.default_rng(0)
    half = np.zeros((40, 64, 64), np.uint8)
    half[:, 10:50, 8:20] = 255
    np.testing.assert_array_equal(STILL.moved(half, rng), half)
    mirrored = Freedom(turn=0, smallest=1, largest=1, shift=0).moved(half, rng)
    ways = {image.tobytes() for image in mirrored}
    assert ways == {half[0].tobytes(), half[0, :, ::-1].tobytes()}
    discs = np.stack([disc()] * 40)
    sizes = Freedom(smallest=0.5, largest=1.5, shift=0).moved(discs, rng).astype(float).sum((1, 2)) / discs[0].sum()
    assert 0.22 < sizes.min() < 0.4  # squares of sizes
    assert 1.6 < sizes.max() < 2.35
    shifted = Freedom(turn=0, smallest=1, largest=1, shift=0.25).moved(discs, rng) / 255
    places = np.stack(
        [[(image * np.mgrid[:64, :64][axis]).sum() / image.sum() for axis in (0, 1)] for image in shifted]
    )
    assert np.abs(places - 31.5).max() <= 16.1
    assert np.abs(places - 31.5).max() > 12
    leaning = Freedom(turn=10, smallest=1, largest=1, shift=0, mirror=False).moved(half, rng)
    assert len({image.tobytes() for image in leaning}) == 40


def icons(path: Path, words: tuple[str, ...] = WORDS) -> Path:
    rng = np.random.default_rng(0)
    count = 2 * len(words)
    np.savez(
        path,
        images=rng.integers(0, 256, (count, 64, 64), dtype=np.uint8),
        labels=np.arange(count) % len(words),
        fonts=np.arange(count),
        classes=np.array(words),
        font_names=np.array([f"{chr(97 + i % 26)}{chr(97 + i // 26)}-set" for i in range(count)]),
        styles=np.arange(count) % 2,
    )
    return path


def test_only_some_words_and_rare_ones_are_not_lost(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz"))
    some = images.only(("cat", "heart"))
    assert some.subject.classes == ("cat", "heart")
    assert some.labels.tolist() == [1, 0, 1, 0]  # in the order of the file, where hearts come first
    heart = images.labels == WORDS.index("heart")
    np.testing.assert_array_equal(some.pixels[some.labels == 1], images.pixels[heart])
    np.testing.assert_array_equal(some.styles[some.labels == 1], images.styles[heart])
    with pytest.raises(ValueError, match="no image shows 'yeti'"):
        images.only(("cat", "yeti"))
    counts = Images(np.zeros((101, 1, 1)), np.array([0] * 100 + [1]), Subject(("often", "once")))
    drawn = counts.labels[counts.evenly(np.random.default_rng(0), 11_000)]
    assert drawn.sum() == pytest.approx(1000, abs=120)  # as 1 to 10, the square roots of 1 and 100


def test_a_batch_is_captioned_as_it_is_drawn(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz"))
    task = Captioning(images.subject)
    batch = task.batch(images, task.plan, 0)
    word, drawing, ink, paper = batch.rows.T
    silent = (batch.rows == 0).all(1)
    assert 2 <= int(silent.sum()) <= 18  # 12 % of 64
    assert (word[~silent] > 0).all()
    assert 0.3 < (drawing[~silent] > 0).float().mean() < 0.7
    assert ((ink == 0) == (paper == 0)).all()
    # These icons' styles are those of their numbers, and so of their words: odd ones are outlines.
    told = drawing > 0
    assert ((drawing[told] == 1) == ((word[told] - 1) % 2 == 1)).all()


def test_a_network_inherits_what_one_of_half_the_sides_knows(tmp_path: Path) -> None:
    torch.manual_seed(0)
    words = ("cat", "dog")
    config = CONFIG | {"in_channels": 12, "out_channels": 12, "class_embed_type": None, "num_class_embeds": 5}
    small = UNet2D(UNet2DConfig.from_mapping(config))
    save_halves(small.state_dict(), tmp_path / "diffusion_pytorch_model.safetensors")
    (tmp_path / "prompts.json").write_text(json.dumps([*words, "colour cat", "colour dog", ""]))
    small.load_state_dict({name: value.half().float() for name, value in small.state_dict().items()})
    painter = Painter(len(words)).eval()
    inherit(painter, tmp_path, words)
    x, t = torch.randn(3, 3, 32, 32), torch.tensor([100, 500, 900])
    with torch.no_grad():
        v = see(small, x, t, torch.tensor([2, 3, 4]))
        large = nn.functional.interpolate(x, scale_factor=2)
        got = painter(large, t, torch.tensor([[1, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]))
    torch.testing.assert_close(got, -nn.functional.interpolate(v, scale_factor=2), rtol=1e-4, atol=1e-4)


def test_what_was_trained_is_what_is_loaded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = Captioning(Subject(("cat", "ice cream")))
    painter = task.network().eval()
    nn.init.normal_(painter.unet.conv_out.weight, std=0.05)
    task.export(painter, tmp_path)
    model = Pictograms(path=tmp_path)
    assert model.words == ("cat", "ice cream")
    assert set(model.weights()) == {"captions", "diffusion_pytorch_model"}
    predictor = model.load()
    x, prompts = torch.randn(3, 3, 64, 64), ["outline ice cream in red on blue", "colour cat", ""]
    level = predictor.schedule.level(0, 300)
    given = predictor.gather([predictor.condition(prompt) for prompt in prompts])
    rows = torch.tensor([read_caption(prompt, model.words).rows(model.words) for prompt in prompts])
    with torch.no_grad():
        want = painter(x, torch.full((3,), 300), rows)
    got = predictor.predict(x, level, given).output
    assert (got - want).abs().max() < 0.01 * want.abs().max()
    for order in ([1, 0, 2], [2, 2, 0]):
        asked = predictor.gather([predictor.condition(prompts[i]) for i in order])
        assert torch.equal(predictor.predict(x[order], level, asked).output, got[order]), order
    with pytest.raises(PromptError, match="nearest: 'ice cream', 'cat'"):
        predictor.condition("dog")


@pytest.mark.parametrize("task", [ReadingPictograms, SeeingPictograms])
def test_readers_rows_are_apart(task: type[ReadingPictograms], tmp_path: Path) -> None:
    torch.manual_seed(0)
    reader = task(Subject(("cat", "dog", "fish"))).network().eval()
    nn.init.normal_(reader.linear_out.weight)
    task(Subject(("cat", "dog", "fish"))).export(reader, tmp_path)
    classifier = PictogramsClassifier(path=tmp_path)
    x, level = torch.randn(4, 3, 64, 64), classifier.schedule.level(0, 400)
    loaded = classifier.load()
    want = loaded.logits(x, level)
    exact = reader(x, torch.full((4,), 400)).detach()
    assert (want - exact).abs().max() < 0.02 * exact.abs().max()
    for order in ([1, 0, 2, 3], [3, 2, 1, 0], [0, 0, 2, 1]):
        assert torch.equal(loaded.logits(x[order], level), want[order]), order
    assert type(load_reader(tmp_path, side=64)) is task.reader
    assert [classifier.label(one) for one in ("dog", "outline cat in red")] == [1, 0]
    for wrong in ("", "cow"):
        with pytest.raises(PromptError, match="classifier 'pictograms-classifier'"):
            classifier.label(wrong)


def test_images_of_other_words_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = icons(tmp_path / "icons.npz", ("cat", "yeti"))
    with pytest.raises(SystemExit):
        train(["pictograms", "--data", str(data), "--state", str(tmp_path / "run")])
    assert "trained on data that has all its words" in capsys.readouterr().err


def test_outlines_are_told_from_solids() -> None:
    full, hole = disc(radius=20), disc(radius=16)
    drawn = torch.from_numpy(np.stack([full, full - hole])).float()[:, None].expand(-1, 3, -1, -1)
    assert outlined(1 - drawn / 127.5).tolist() == [False, True]


def test_styles_are_learned_from_the_data(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz"))
    told = drawn(images)
    assert told.subject.classes == ("outline", "solid")
    assert (told.labels == (images.styles == 0)).all(), "the data's 1 is an outline, which comes first here"
    assert (told.pixels == images.pixels).all()


def test_a_copy_is_found_moved_and_mirrored() -> None:
    rng = np.random.default_rng(0)
    pixels = (rng.integers(0, 2, (20, 16, 16)) * 255).astype(np.uint8).repeat(4, 1).repeat(4, 2)
    pixels[:, :8] = pixels[:, -8:] = pixels[:, :, :8] = pixels[:, :, -8:] = 0
    copy = np.roll(pixels[7, :, ::-1], (4, -8), (0, 1))
    image = torch.from_numpy(1 - np.stack([copy, pixels[3]]) / 127.5).float()[:, None].expand(-1, 3, -1, -1)
    likeness, picture = nearest(image, Images(pixels, np.zeros(20, int)))
    assert likeness == pytest.approx([1, 1], abs=1e-4)
    np.testing.assert_array_equal(np.asarray(picture)[64:, :64, 0], 255 - pixels[7])
    unlike, _ = nearest(image, Images(pixels[10:], np.zeros(10, int)))
    assert max(unlike) < 0.8


def test_judge_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("superpose_glyphs.judge.captioned.NEAREST", 2)
    task = Captioning(Subject(WORDS[:2]))
    task.export(task.network(), tmp_path / "weights")
    options = ["--data", str(icons(tmp_path / "icons.npz")), "--state", str(tmp_path), "--threads", "1"]
    judge(["train", *options, "--judge-steps", "1", "--weights", str(tmp_path / "weights")])
    assert capsys.readouterr().out.count("real icons of sets never seen") == 3
    (tmp_path / "pairs.json").write_text(json.dumps({"pairs": [{"first": WORDS[0], "second": WORDS[1]}]}))
    drawn = ["--weights", str(tmp_path / "weights"), "--each", "1", "--steps", "1"]
    judge(["name", *options, *drawn])
    said = capsys.readouterr().out
    assert said.count("read as asked") == 5
    assert said.count("drawn so") == said.count("by the rule of the data") == 2
    assert (tmp_path / "nearest.png").exists()
    judge(["pairs", *options, *drawn, "--pairs", str(tmp_path / "pairs.json")])
    assert "mean of 1 pairs" in capsys.readouterr().out
    reading = ReadingPictograms(Subject(WORDS[:2]))
    reading.export(reading.network(), tmp_path / "reader")
    steered = ["pairs", *options, *drawn, "--pairs", str(tmp_path / "pairs.json"), "--steer", "5", "--reader"]
    judge([*steered, str(tmp_path / "reader")])
    assert "mean of 1 pairs" in capsys.readouterr().out
    with pytest.raises(RecipeError, match="missing-reader"):
        judge([*steered, str(tmp_path / "missing-reader")])


def test_drawings_are_read_as_asked() -> None:
    """The embedded networks together: a few words that nobody would mistake."""
    predictor, classifier = Pictograms().load(), PictogramsClassifier()
    words = ("heart", "star", "umbrella", "hourglass")
    denoisers = [guided(prompted(predictor, word), prompted(predictor, ""), 4.0) for word in words]
    scheduler = make("scheduler", "ddim", steps=8)
    images = torch.cat([sample(denoiser, scheduler, predictor, samples=2) for denoiser in denoisers])
    read = classifier.load().logits(images, classifier.schedule.level(0, 0)).argmax(1).tolist()
    assert sum(classifier.names[one] == words[i // 2] for i, one in enumerate(read)) >= 6
