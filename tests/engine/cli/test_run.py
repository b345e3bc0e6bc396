"""`superpose run` as a person meets it: what it leaves, what it says, and what it does when something is wrong."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from folders import contents
from superpose import load
from superpose.cli import main

ROOT = Path(__file__).parents[3]
RECIPES = sorted((ROOT / "recipes").glob("*.toml"))
QUICK = ["--set", "scheduler.steps=3", "--samples", "2"]
COMMAND = [sys.executable, "-c", "import sys; from superpose.cli import main; sys.exit(main())"]


@pytest.fixture
def recipe(tmp_path):
    """A quick recipe in a folder of its own."""
    path = tmp_path / "letter.toml"
    path.write_text(
        'prompt = "A"\n\n[model]\nkind = "glyphs"\n\n[scheduler]\nkind = "ddpm"\nsteps = 4\n\n[run]\nsamples = 3\n'
    )
    return path


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_runs_as_it_stands(path, tmp_path, capsys):
    assert main(["check", str(path)]) == 0
    assert "network row" in capsys.readouterr().out
    assert main(["run", str(path), "--out", str(tmp_path), *QUICK]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [str(tmp_path / name) for name in ("0000.png", "0001.png", "sheet.png")]
    _, height, width = load(path).stages[-1].image_shape
    assert pixels(tmp_path / "0000.png").shape == (height, width, 3)
    assert not list(tmp_path.glob(".*")), "something was left behind"


def test_the_default_folder_is_named_after_the_recipe(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(recipe)]) == 0
    assert (tmp_path / "runs" / "letter" / "sheet.png").exists()


def test_a_sample_does_not_depend_on_how_many_there_are(recipe, tmp_path):
    assert main(["run", str(recipe), "--out", str(tmp_path / "many"), "--samples", "7", "--set", "run.at_once=4"]) == 0
    assert main(["run", str(recipe), "--out", str(tmp_path / "few"), "--samples", "1"]) == 0
    many, few = (pixels(tmp_path / name / "0000.png") for name in ("many", "few"))
    assert np.array_equal(many, few)


def test_seeds_matter(recipe, tmp_path):
    for seed in ("1", "2"):
        assert main(["run", str(recipe), "--out", str(tmp_path / seed), "--seed", seed, "--samples", "1"]) == 0
    one, two = (pixels(tmp_path / seed / "0000.png") for seed in ("1", "2"))
    assert not np.array_equal(one, two)


class TestGoingOn:
    def test_a_killed_run_goes_on_to_the_same_bytes(self, tmp_path):
        path = tmp_path / "slow.toml"
        path.write_text(
            'prompt = "A"\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "dpmpp"\nsteps = 12\n'
            "[run]\nsamples = 4\nat_once = 1\nthreads = 1\n"
        )
        whole, killed = tmp_path / "whole", tmp_path / "killed"
        assert main(["run", str(path), "--out", str(whole)]) == 0
        process = subprocess.Popen([*COMMAND, "run", str(path), "--out", str(killed)], stdout=subprocess.DEVNULL)
        while not (killed / "0001.png").exists():
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (killed / "0003.png").exists()
        stamp = (killed / "0000.png").stat().st_mtime_ns
        assert main(["run", str(path), "--out", str(killed), "--resume"]) == 0
        assert (killed / "0000.png").stat().st_mtime_ns == stamp, "a finished sample was made again"
        assert contents(killed) == contents(whole)

    def test_a_state_saved_on_the_way_is_gone_on_from(self, recipe, tmp_path, monkeypatch):
        from superpose.running import sampler as running

        whole, stopped = tmp_path / "whole", tmp_path / "stopped"
        assert main(["run", str(recipe), "--out", str(whole)]) == 0

        def interrupt(self, state):
            self.latest = state
            if state.step == 2:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(running.Keeper, "keep", interrupt)
            assert main(["run", str(recipe), "--out", str(stopped)]) == 1
        assert list(stopped.glob(".superpose-*.state.safetensors"))
        steps = []
        taken = running.Keeper.keep
        monkeypatch.setattr(running.Keeper, "keep", lambda self, state: (steps.append(state.step), taken(self, state)))
        assert main(["run", str(recipe), "--out", str(stopped), "--resume"]) == 0
        assert steps == [3, 4], "the first two steps were made again"
        assert contents(stopped) == contents(whole)

    def test_ctrl_c_says_how_to_go_on(self, recipe, tmp_path):
        slow = ["--set", "scheduler.steps=200", "--set", "run.at_once=1"]
        process = subprocess.Popen(
            [*COMMAND, "run", str(recipe), "--out", str(tmp_path / "out"), *slow],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not (tmp_path / "out" / "0000.png").exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "interrupted; 1 of 3 images are finished; go on with --resume" in errors
        assert "Traceback" not in errors


class TestMistakes:
    def refused(self, capsys, *arguments, code=2):
        assert main([str(argument) for argument in arguments]) == code
        errors = capsys.readouterr().err
        assert "Traceback" not in errors
        return errors

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ("scheduler.kind=ddmi", "did you mean 'ddim'"),
            ("scheduler.step=3", "unknown key; did you mean 'steps'"),
            ("scheduler.steps=0", "must be at least 1, got 0"),
            ("prompt=AA", "unknown prompt 'AA'"),
            ("run.samples=many", "many"),
        ],
    )
    def test_a_wrong_value_is_one_line_that_names_it(self, recipe, tmp_path, capsys, change, says):
        errors = self.refused(capsys, "run", recipe, "--out", tmp_path / "out", "--set", change)
        assert says in errors
        assert len(errors.splitlines()) == 1, errors
        assert not list(tmp_path.glob("out/*"))

    def test_a_prompt_that_is_not_known_is_found_where_it_stands(self, recipe, tmp_path, capsys):
        recipe.write_text(recipe.read_text().replace('"A"', '"colour AA"'))
        errors = self.refused(capsys, "run", recipe, "--out", tmp_path / "out")
        assert f"{recipe}:1:1: prompt: unknown prompt 'colour AA'; nearest: 'colour A'" in errors

    def test_a_missing_recipe(self, tmp_path, capsys):
        assert "nowhere.toml: can't be read: No such file" in self.refused(capsys, "run", tmp_path / "nowhere.toml")

    def test_a_folder_that_cannot_be_written(self, recipe, tmp_path, capsys):
        (tmp_path / "file").write_text("in the way")
        errors = self.refused(capsys, "run", recipe, "--out", tmp_path / "file" / "out")
        assert f"cannot write into {tmp_path / 'file' / 'out'}" in errors
        assert "--out" in errors

    def test_images_of_another_recipe_are_not_replaced_unasked(self, recipe, tmp_path, capsys):
        out = tmp_path / "out"
        assert main(["run", str(recipe), "--out", str(out)]) == 0
        before = (out / "0000.png").read_bytes()
        errors = self.refused(capsys, "run", recipe, "--out", out, "--seed", 5)
        assert "holds images of another recipe (0000.png is one)" in errors
        assert (out / "0000.png").read_bytes() == before
        assert main(["run", str(recipe), "--out", str(out), "--seed", "5", "--overwrite"]) == 0
        assert (out / "0000.png").read_bytes() != before

    def test_a_mask_of_another_size(self, tmp_path, capsys):
        Image.new("L", (64, 64)).save(tmp_path / "mask.png")
        errors = self.refused(
            capsys, "run", ROOT / "recipes/inpaint.toml", "--out", tmp_path / "out",
            "--set", f"constraint.0.mask={tmp_path / 'mask.png'}",
        )  # fmt: skip
        assert "64x64" in errors
        assert "32x32" in errors

    def test_no_such_device(self, recipe, tmp_path, capsys):
        errors = self.refused(capsys, "run", recipe, "--out", tmp_path / "out", "--device", "cuda:7")
        assert "no device 'cuda:7' here" in errors

    def test_a_photograph_cannot_be_replayed(self, tmp_path, capsys):
        Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")
        errors = self.refused(capsys, "replay", tmp_path / "photo.png", "--out", tmp_path / "out")
        assert "photo.png: no recipe inside" in errors

    def test_replaying_over_the_original_is_refused(self, recipe, tmp_path, capsys):
        assert main(["run", str(recipe), "--out", str(tmp_path / "out")]) == 0
        errors = self.refused(capsys, "replay", tmp_path / "out" / "0000.png", "--out", tmp_path / "out", code=1)
        assert "choose another folder" in errors

    def test_a_full_disk_leaves_nothing_half_written(self, recipe, tmp_path, capsys, monkeypatch):
        def full(self, target, **options):
            Path(target).write_bytes(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Image.Image, "save", full)
        errors = self.refused(capsys, "run", recipe, "--out", tmp_path / "out", code=1)
        assert "0000.png: No space left on device" in errors
        assert list((tmp_path / "out").iterdir()) == []
