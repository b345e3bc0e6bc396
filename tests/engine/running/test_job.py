"""A run is whole, or says that it is not: stopped, beside another run, on a full disk, among others' files."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import attrs
import numpy as np
import pytest
from PIL import Image

from folders import contents
from superpose import RecipeError, RunError, load, run
from superpose.cli import main
from superpose.media.png import read_origin, sheet_of, write_png
from superpose.running import keeping
from superpose.running.lock import LOCK, locked

COMMAND = [sys.executable, "-c", "import sys; from superpose.cli import main; sys.exit(main())"]
STEPS = 6


@pytest.fixture
def recipe(tmp_path):
    """A quick recipe of four samples, two at once."""
    path = tmp_path / "letter.toml"
    path.write_text(
        'prompt = "A"\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "dpmpp"\n'
        f"steps = {STEPS}\n[run]\nsamples = 4\nat_once = 2\n"
    )
    return path


def stopping_at(monkeypatch, number, stop):
    """Have ``stop()`` called when that many steps have been made in all."""
    seen = []
    kept = keeping.Keeper.keep

    def keep(self, state):
        kept(self, state)
        seen.append(state.step)
        if len(seen) == number:
            stop()

    monkeypatch.setattr(keeping.Keeper, "keep", keep)
    return seen


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
class TestSignals:
    @pytest.mark.parametrize(
        ("name", "says", "seed"), [("SIGTERM", "terminated", 1), ("SIGHUP", "hung up", 2), ("SIGINT", "interrupted", 3)]
    )
    def test_the_state_is_saved_and_gone_on_from(self, name, says, seed, recipe, tmp_path, monkeypatch, capsys):
        whole, out = tmp_path / "whole", tmp_path / "out"
        assert main(["run", str(recipe), "--out", str(whole)]) == 0
        number = random.Random(seed).randrange(1, 2 * STEPS)
        with monkeypatch.context() as patched:
            patched_steps = stopping_at(patched, number, lambda: signal.raise_signal(getattr(signal, name)))
            assert main(["run", str(recipe), "--out", str(out)]) == 1
        assert len(patched_steps) == number
        finished = number // STEPS * 2
        assert f"superpose: {says}; {finished} of 4 images are finished; go on with --resume" in capsys.readouterr().err
        assert len(list(out.glob(".superpose-*.state.safetensors"))) == 1
        with monkeypatch.context() as patched:
            steps = stopping_at(patched, 0, None)
            assert main(["run", str(recipe), "--out", str(out), "--resume"]) == 0
        assert steps[0] == number % STEPS + 1, "steps were made again"
        assert contents(out) == contents(whole)

    def test_a_terminal_that_closes_tells_it_twice(self, recipe, tmp_path, monkeypatch):
        saving = keeping.keep

        def slow(*arguments, **named):
            signal.raise_signal(signal.SIGHUP)
            return saving(*arguments, **named)

        monkeypatch.setattr(keeping, "keep", slow)
        stopping_at(monkeypatch, 3, lambda: signal.raise_signal(signal.SIGHUP))
        assert main(["run", str(recipe), "--out", str(tmp_path / "out")]) == 1
        assert list((tmp_path / "out").glob(".superpose-*.state.safetensors"))

    def test_handlers_are_as_before_and_nohup_is_obeyed(self, recipe, tmp_path, monkeypatch):
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            stopping_at(monkeypatch, 3, lambda: signal.raise_signal(signal.SIGHUP))
            assert main(["run", str(recipe), "--out", str(tmp_path / "out")]) == 0
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        finally:
            signal.signal(signal.SIGHUP, before)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    def test_a_program_that_exits_keeps_the_state(self, recipe, tmp_path, monkeypatch):
        stopping_at(monkeypatch, 3, sys.exit)
        with pytest.raises(SystemExit):
            run(load(recipe), tmp_path / "out")
        assert list((tmp_path / "out").glob(".superpose-*.state.safetensors"))

    def test_a_process_that_is_killed_at_any_moment_goes_on(self, recipe, tmp_path):
        whole, out = tmp_path / "whole", tmp_path / "out"
        assert main(["run", str(recipe), "--out", str(whole)]) == 0
        chance = random.Random(4)
        code = (
            "import os, signal, sys; from superpose.cli import main; from superpose.running import keeping\n"
            "keeping.SAVE_EVERY = 0\nkept, seen = keeping.Keeper.keep, []\n"
            "def keep(self, state):\n"
            "    kept(self, state); seen.append(0)\n"
            "    len(seen) == int(os.environ['AT']) and os.kill(os.getpid(), signal.SIGKILL)\n"
            "keeping.Keeper.keep = keep\nsys.exit(main())"
        )
        for _ in range(2):
            env = os.environ | {"AT": str(chance.randrange(1, STEPS))}
            command = [sys.executable, "-c", code, "run", str(recipe), "--out", str(out), "--resume"]
            assert subprocess.run(command, env=env, capture_output=True, check=False).returncode == -signal.SIGKILL
        assert main(["run", str(recipe), "--out", str(out), "--resume"]) == 0
        assert contents(out) == contents(whole)


class TestTwoRuns:
    def test_the_second_is_refused_and_the_first_is_whole(self, recipe, tmp_path):
        out = tmp_path / "out"
        command = [*COMMAND, "run", str(recipe), "--out", str(out), "--set", "scheduler.steps=60"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as first:
            first.stdout.readline()
            with pytest.raises(RunError, match=rf"another run \(process {first.pid}\) writes into .*out now: wait"):
                run(load(recipe, ["run.seed=1"]), out)
            first.stdout.read()
        assert first.returncode == 0
        assert sorted(contents(out)) == [*(f"000{k}.png" for k in range(4)), "recipe.toml", "sheet.png"]

    def test_a_lock_is_let_go_of(self, tmp_path):
        for _ in range(2):
            with locked(tmp_path):
                assert (tmp_path / LOCK).exists()
                with pytest.raises(RunError, match="another run"), locked(tmp_path):
                    pass
            assert not (tmp_path / LOCK).exists()

    def test_many_who_wait_for_one_lock_hold_it_one_at_a_time(self, tmp_path):
        inside, most, held = [], [], []

        def work():
            for _ in range(50):
                try:
                    with locked(tmp_path):
                        inside.append(0)
                        most.append(len(inside))
                        time.sleep(0.0005)
                        inside.pop()
                        held.append(0)
                except RunError:
                    time.sleep(0.0001)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert held
        assert max(most) == 1


class TestIdentity:
    def test_more_samples_in_another_batch_are_the_same_run(self, recipe, tmp_path):
        out, all_at_once = tmp_path / "out", tmp_path / "all"
        assert main(["run", str(recipe), "--out", str(out), "--samples", "2"]) == 0
        stamp = (out / "0000.png").stat().st_mtime_ns
        more = ["--samples", "5", "--set", "run.at_once=3", "--resume"]
        assert main(["run", str(recipe), "--out", str(out), *more]) == 0
        assert (out / "0000.png").stat().st_mtime_ns == stamp
        assert main(["run", str(recipe), "--out", str(all_at_once), "--samples", "5", "--set", "run.at_once=5"]) == 0
        assert contents(out) == contents(all_at_once)

    def test_a_batch_on_the_way_is_gone_on_with_as_it_was(self, recipe, tmp_path, monkeypatch):
        out = tmp_path / "out"
        with monkeypatch.context() as patched:
            stopping_at(patched, 3, lambda: signal.raise_signal(signal.SIGINT))
            assert main(["run", str(recipe), "--out", str(out)]) == 1
        with monkeypatch.context() as patched:
            steps = stopping_at(patched, 0, None)
            assert main(["run", str(recipe), "--out", str(out), "--set", "run.at_once=4", "--resume"]) == 0
        assert steps == [4, 5, 6, 1, 2, 3, 4, 5, 6]

    @pytest.mark.parametrize("change", ["run.seed=1", "prompt=B", "scheduler.steps=5", "run.batch_size=8"])
    def test_what_changes_bits_is_another_run(self, change, recipe, tmp_path):
        assert main(["run", str(recipe), "--out", str(tmp_path / "out")]) == 0
        with pytest.raises(RecipeError, match="holds images of another recipe"):
            run(load(recipe, [change]), tmp_path / "out", resume=True)


class TestOthersFiles:
    def test_a_sheet_of_somebody_else_is_kept(self, recipe, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        Image.new("RGB", (8, 8)).save(out / "sheet.png")
        before = contents(out)
        with pytest.raises(RecipeError, match=r"holds a sheet\.png that is not this recipe's: choose another folder"):
            run(load(recipe), out)
        assert contents(out) == before
        assert sheet_of(run(load(recipe), out, overwrite=True).sheet)

    @pytest.mark.parametrize("name", ["sheet.png", "0002.png"])
    def test_a_folder_in_the_way_is_found_before_sampling(self, name, recipe, tmp_path, monkeypatch):
        steps = stopping_at(monkeypatch, 0, None)
        (tmp_path / "out" / name).mkdir(parents=True)
        for overwrite in (False, True):
            with pytest.raises(RecipeError, match=f"{name} is in the way"):
                run(load(recipe), tmp_path / "out", overwrite=overwrite)
        assert not steps

    def test_hidden_files_and_states_of_others_are_kept(self, recipe, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        theirs = {".download.part", ".0000.png.7.part", ".state.safetensors", ".superpose-0123.state.safetensors"}
        for name in theirs:
            (out / name).write_bytes(b"mine")
        for more in ([], ["--resume"]):
            assert main(["run", str(recipe), "--out", str(out), *more]) == 0
        assert {name for name, data in contents(out).items() if data == b"mine"} == theirs

    def test_replay_replaces_no_other_image(self, recipe, tmp_path, capsys):
        one = run(load(recipe), tmp_path / "one").images[0]
        (tmp_path / "two").mkdir()
        (tmp_path / "two" / "0000.png").write_text("mine")
        assert main(["replay", str(one), "--out", str(tmp_path / "two")]) == 1
        assert "choose another folder with --out" in capsys.readouterr().err
        assert (tmp_path / "two" / "0000.png").read_text() == "mine"


class TestDamagedStates:
    def damaged(self, recipe, out, monkeypatch, content):
        with monkeypatch.context() as patched:
            stopping_at(patched, 3, lambda: signal.raise_signal(signal.SIGINT))
            assert main(["run", str(recipe), "--out", str(out)]) == 1
        [state] = out.glob(".superpose-*.state.safetensors")
        if content == "folder":
            state.unlink()
            state.mkdir()
            (state / "inside").write_text("x")
        else:
            state.write_bytes(content or state.read_bytes()[:-100])
        return state

    @pytest.mark.parametrize("content", [b"", b"half", None])
    def test_a_run_that_goes_on_says_so_and_begins_its_batch_again(self, content, recipe, tmp_path, monkeypatch):
        out = tmp_path / "out"
        self.damaged(recipe, out, monkeypatch, content)
        with pytest.warns(UserWarning, match="not a saved state of dpmpp.*its batch is begun again"):
            run(load(recipe), out, resume=True)
        run(load(recipe), tmp_path / "whole")
        assert contents(out) == contents(tmp_path / "whole")

    @pytest.mark.parametrize("content", [b"half", None])
    def test_a_run_that_was_not_asked_to_does_not_look(self, content, recipe, tmp_path, monkeypatch):
        self.damaged(recipe, tmp_path / "out", monkeypatch, content)
        assert len(run(load(recipe), tmp_path / "out").images) == 4


class TestFullDisks:
    def test_a_state_that_does_not_fit_is_told_and_the_images_are_made(self, recipe, tmp_path, monkeypatch):
        resource = pytest.importorskip("resource")
        monkeypatch.setattr(keeping, "SAVE_EVERY", -1)
        wanted = load(recipe, ["run.samples=12", "run.at_once=12", "scheduler.steps=2"])
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.warns(UserWarning, match="steps of this batch are not saved.*cannot write"):
                outcome = run(wanted, tmp_path / "out")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert sorted(contents(tmp_path / "out")) == [*(f"{k:04}.png" for k in range(12)), "recipe.toml", "sheet.png"]
        assert all(read_origin(image) for image in outcome.images)


def short_pages(monkeypatch, height):
    from superpose.media import sheet

    for name in ("ROOMY", "DENSE"):
        monkeypatch.setattr(sheet, name, attrs.evolve(getattr(sheet, name), width=400, height=height))
    return sheet.DENSE


class TestPages:
    def test_a_sheet_of_many_is_pages_of_bounded_size(self, recipe, tmp_path, monkeypatch):
        layout = short_pages(monkeypatch, 200)
        wanted = ["scheduler.steps=1", "run.at_once=12"]
        outcome = run(load(recipe, [*wanted, "run.samples=12"]), tmp_path / "out")
        assert [path.name for path in outcome.sheets] == ["sheet.png", "sheet-2.png", "sheet-3.png"]
        for path in outcome.sheets:
            with Image.open(path) as image:
                assert image.height <= 200
                assert image.width <= layout.width + 100
        fewer = run(load(recipe, [*wanted, "run.samples=5"]), tmp_path / "out", resume=True)
        assert [path.name for path in fewer.sheets] == ["sheet.png"]
        assert {path.name for path in (tmp_path / "out").glob("sheet*")} == {"sheet.png"}, "old pages were left"

    def test_a_page_of_somebody_else_is_kept(self, recipe, tmp_path, monkeypatch):
        short_pages(monkeypatch, 100)
        (tmp_path / "out").mkdir()
        write_png(tmp_path / "out" / "sheet-2.png", np.zeros((4, 4), np.uint8))
        with pytest.raises(RecipeError, match=r"holds a sheet-2\.png that is not"):
            run(load(recipe, ["run.samples=9"]), tmp_path / "out")
