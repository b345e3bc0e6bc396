"""A training that was stopped is the training that was not; what it exports is what it averaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from superpose.nn import load_unet2d
from superpose_glyphs.batches import LEGIBLE, Glyphs, legible_pairs, paint
from superpose_glyphs.log import Log, curve
from superpose_glyphs.network import export
from superpose_glyphs.train import main, train
from superpose_glyphs.training import ALPHA, SIGMA, Plan, Training
from superpose_glyphs.vocabulary import GLYPHS

PLAN = Plan(steps=4, batch=2, warmup=2)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "data.npz"
    np.savez(
        path,
        images=rng.integers(0, 256, (7, 32, 32)).astype(np.uint8),
        labels=np.arange(7, dtype=np.uint8),
        fonts=np.arange(7, dtype=np.uint16),
        classes=np.array(list(GLYPHS)),
        font_names=np.array([f"font {i}" for i in range(7)]),
    )
    return path


def weights(training: Training) -> dict[str, torch.Tensor]:
    return {**training.network.state_dict(), **{f"ema.{k}": v for k, v in training.average.state_dict().items()}}


def test_resumed_is_uninterrupted_to_the_bit(data: Path, tmp_path: Path) -> None:
    glyphs, _ = Glyphs.read(data)
    whole = Training.start(PLAN)
    train(whole, glyphs, tmp_path)
    stopped = Training.start(PLAN)
    for step in range(2):
        stopped.advance(glyphs.batch(PLAN.seed, step, PLAN.batch, PLAN.unprompted))
    stopped.save(tmp_path / "half.pt")
    resumed = Training.resume(tmp_path / "half.pt")
    train(resumed, glyphs, tmp_path)
    want, got = weights(whole), weights(resumed)
    assert resumed.step == whole.step == PLAN.steps
    assert [name for name in want if not torch.equal(want[name], got[name])] == []


def test_batches_are_functions_of_seed_and_step(data: Path) -> None:
    glyphs, _ = Glyphs.read(data)
    one, same, other = (glyphs.batch(seed, 3, 4, 0.5) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one.noise, other.noise)


def test_an_epoch_shows_every_image_once(data: Path) -> None:
    glyphs, _ = Glyphs.read(data)
    shown = [int(label) for step in range(7) for label in glyphs.batch(0, step, 2, 0.0).label]
    assert sorted(label % 62 for label in shown[:7]) == list(range(7))
    assert sorted(label % 62 for label in shown[7:]) == list(range(7))


def test_unprompted_share_and_even_noise_levels(data: Path) -> None:
    glyphs, _ = Glyphs.read(data)
    batch = glyphs.batch(0, 0, 500, 0.3)
    assert 0.2 < (batch.label == 124).float().mean() < 0.4
    assert batch.t.sort().values.diff().max() <= 3  # 500 levels over 1000 places
    assert batch.clean.abs().max() <= 1


def test_held_out_fonts_are_apart(data: Path) -> None:
    kept, held = Glyphs.read(data, hold_out=0.3)
    assert (len(kept.images), len(held.images)) == (5, 2)
    assert not set(kept.labels) & set(held.labels)


def test_ink_is_legible_on_paper() -> None:
    ink, paper = legible_pairs(np.random.default_rng(0), 200)
    assert np.linalg.norm(ink - paper, axis=1).min() >= LEGIBLE
    image = paint(np.array([[[0, 255]]], dtype=np.uint8), ink[:1], paper[:1])
    np.testing.assert_allclose(image[0, :, 0], 2 * np.stack([paper[0], ink[0]], 1) - 1, atol=1e-6)


def test_cosine_schedule() -> None:
    import diffusers

    scheduler: Any = diffusers.DDPMScheduler
    published = scheduler(beta_schedule="squaredcos_cap_v2").alphas_cumprod.double()
    torch.testing.assert_close(ALPHA.double() ** 2, published, rtol=1e-3, atol=1e-6)  # theirs is summed in float32
    torch.testing.assert_close(ALPHA**2 + SIGMA**2, torch.ones(1000))


def test_export_is_the_average_in_half_precision(tmp_path: Path) -> None:
    training = Training.start(PLAN)
    export(training.average, tmp_path)
    x, t = torch.randn(2, 3, 32, 32), torch.tensor([5, 900])
    labels = torch.tensor([3, 124])
    torch.nn.init.normal_(training.average.conv_out.weight)
    export(training.average, tmp_path)
    with torch.no_grad():
        want, got = training.average(x, t, labels), load_unet2d(tmp_path)(x, t, labels)
    assert (want - got).abs().max() < 0.01 * want.abs().max()


def test_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["glyphs", "--state", str(tmp_path / "run"), "--threads", "1"]
    main([*state, "--data", str(data), "--steps", "2", "--batch", "2"])
    main([*state, "--export", str(tmp_path / "out")])
    assert (tmp_path / "out" / "config.json").exists()
    main([*state, "--data", str(data), "--steps", "3"])
    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"] == 3
    with pytest.raises(SystemExit):
        main(state)
    assert "--data is needed" in capsys.readouterr().err


def test_log_forgets_what_will_be_run_again(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.csv", 0)
    for step in range(1, 76):
        log.add(step, 1 / step, 1e-3, 2)
    log.write()
    assert [row[0] for row in Log(tmp_path / "log.csv", 50).rows] == [25, 50]
    assert (tmp_path / "log.png").stat().st_size > 0
    assert curve([(25, 0.1), (50, 0.1)]).size == (800, 400)
