"""The command that trains: it goes on where it was, keeps what it has, and says what is wrong."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from made_glyphs import folder_of_images, icons, squares
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.editing import Editing
from superpose_glyphs.train.pixels import Pixels
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.run import main, train
from superpose_glyphs.train.tasks import TASKS
from superpose_glyphs.train.training import Training


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return squares(tmp_path / "data.npz")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of_images(tmp_path / "own")


#: Models of any images and labels: neither of words of their own, nor of pairs.
ANY = [task for task in TASKS.values() if task.vocabulary is None and task is not Editing]


@pytest.mark.parametrize("task", ANY, ids=lambda task: task.name)
def test_own_images_in_a_folder(task: type[Any], folder: Path, tmp_path: Path) -> None:
    options = ["--data", str(folder), "--state", str(tmp_path / "run"), "--threads", "1", "--batch", "2"]
    main([task.name, *options, "--steps", "2"])
    training = Training.resume(tmp_path / "run" / "checkpoint.pt")
    assert training.step == 2
    assert training.task.subject == Subject(("cat", "dog"), inked=False)
    assert list((tmp_path / "run" / "weights").rglob("*.safetensors"))


def test_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["glyphs", "--state", str(tmp_path / "run"), "--threads", "1"]
    main([*state, "--data", str(data), "--steps", "2", "--batch", "2"])
    main([*state, "--export", str(tmp_path / "out")])
    assert (tmp_path / "out" / "config.json").exists()
    main([*state, "--data", str(data), "--steps", "3"])
    assert Training.resume(tmp_path / "run" / "checkpoint.pt").step == 3
    for wrong, why in (
        (state, "--data is needed"),
        (["glyphs-classifier", *state[1:], "--data", str(data)], "is a training of 'glyphs'"),
        (
            [*state, "--data", str(data), "--after", str(tmp_path)],
            "glyphs goes on from no other training",
        ),
        (["glyphs", "--state", str(tmp_path), "--export", str(tmp_path)], "is missing: train first"),
    ):
        with pytest.raises(SystemExit):
            main(wrong)
        assert why in capsys.readouterr().err


def test_images_of_other_words_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = icons(tmp_path / "icons.npz", ("cat", "yeti"))
    with pytest.raises(SystemExit):
        main(["pictograms", "--data", str(data), "--state", str(tmp_path / "run")])
    assert "trained on data that has all its words" in capsys.readouterr().err


def test_data_that_can_not_be_read_is_told_in_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "3.png").write_text("no image")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.npz").write_text("no arrays")
    for path, why in (
        (folder, "cannot identify image file"),
        (tmp_path / "empty", "has no labels.csv: write one"),
        (tmp_path / "none.npz", "No such file"),
        (tmp_path / "text.npz", "text.npz: "),
    ):
        with pytest.raises(SystemExit):
            main(["glyphs", "--data", str(path), "--state", str(tmp_path / "run")])
        assert why in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_other_images_are_not_what_a_run_was_trained_on(
    data: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ["glyphs", "--state", str(tmp_path / "run"), "--threads", "1", "--steps", "1", "--batch", "1"]
    main([*state, "--data", str(data)])
    with pytest.raises(SystemExit):
        main([*state, "--data", str(folder)])
    assert "does not show what" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_leaves_a_checkpoint_and_the_signals_as_they_were(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    images, _ = Images.read(data)
    training = Training.start(Pixels(), Plan(steps=50, batch=1))
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    steps = list[int]()

    def advance(self: Training, images: Images) -> float:
        del images
        self.step += 1
        steps.append(self.step)
        if self.step == 3:
            os.kill(os.getpid(), getattr(signal, name))
        return 1.0

    monkeypatch.setattr(Training, "advance", advance)
    train(training, images, tmp_path)
    assert steps == [1, 2, 3]
    assert Training.resume(tmp_path / "checkpoint.pt").step == 3
    assert (tmp_path / "weights" / "config.json").exists()
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
