"""What commands print: strangers' words escaped, every mistake a line, and streams that fail and stop nothing."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from folders import BESIDE
from superpose.cli import main
from superpose.cli.printing import LINES, Stream
from superpose.media.png import Origin, write_png

COMMAND = [sys.executable, "-c", "import sys; from superpose.cli import main; sys.exit(main())"]
EVIL = "\x1b[2J\u202e"
RECIPE = (
    'prompt = "A"\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\nsteps = 2\n[run]\nsamples = 4\nat_once = 1\n'
)


@pytest.fixture
def recipe(tmp_path):
    """A quick recipe of four samples, each in a batch of its own."""
    path = tmp_path / "letter.toml"
    path.write_text(RECIPE)
    return path


class TestStrangersWords:
    def shown(self, capsys, *arguments):
        main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert not set(out + err) & set("\x1b\u202e\x07"), ascii(out + err)
        return out, err

    @pytest.mark.parametrize("command", ["run", "check", "cite"])
    def test_a_recipe_in_a_file_of_an_evil_name(self, command, recipe, tmp_path, capsys):
        evil = recipe.rename(tmp_path / f"a{EVIL}\nsuperpose: fine.toml")
        evil.write_text(RECIPE.replace("steps", "stepz"))
        _, err = self.shown(capsys, command, evil)
        assert r"a\x1b[2J\u202e\nsuperpose: fine.toml:6:1: scheduler.stepz" in err
        assert len(err.splitlines()) == 1

    def test_paths_that_are_made(self, recipe, tmp_path, capsys):
        out, _ = self.shown(capsys, "run", recipe, "--samples", 1, "--out", tmp_path / EVIL)
        assert out.splitlines()[-1].endswith(r"/\x1b[2J\u202e/sheet.png")

    def test_words_of_a_recipe_in_the_tree(self, recipe, capsys):
        recipe.write_text('negative = "\\u001b[2J"\n' + RECIPE)
        self.shown(capsys, "check", recipe)

    def test_a_picture_with_a_forged_origin(self, tmp_path, capsys):
        forged = tmp_path / "image.png"
        write_png(forged, np.zeros((4, 4, 3), np.uint8), Origin(f'prompt = "{EVIL}', 0, {}, {}))
        self.shown(capsys, "replay", forged, "--out", tmp_path / "out")
        write_png(forged, np.zeros((4, 4, 3), np.uint8), Origin(RECIPE, 0, {EVIL: EVIL}, {f"x\n{EVIL}": "0"}))
        self.shown(capsys, "replay", forged, "--out", tmp_path / "out")

    def test_hundreds_of_mistakes_are_counted_and_not_all_told(self, recipe, capsys):
        recipe.write_text(RECIPE + "".join(f"wrong{n} = 1\n" for n in range(399)))
        _, err = self.shown(capsys, "check", recipe)
        assert len(err.splitlines()) == LINES + 1
        assert err.splitlines()[-1] == f"... and {399 - LINES} more"

    def test_an_endless_message_is_cut(self, recipe, capsys):
        _, err = self.shown(capsys, "run", recipe, "--set", f"prompt={'x' * 100_000}")
        assert len(err) < 5000


class TestStreamsThatFail:
    def ran(self, recipe, out, **settings):
        command = [*COMMAND, "run", str(recipe), "--out", str(out)]
        done = subprocess.run(command, stderr=subprocess.PIPE, check=False, **settings)
        left = sorted(path.name for path in Path(out).iterdir())
        assert left == [*(f"000{k}.png" for k in range(4)), *BESIDE, "sheet.png"]
        assert b"Traceback" not in done.stderr
        assert b"unexpected" not in done.stderr
        assert b"Exception ignored" not in done.stderr
        return done

    def test_a_reader_that_goes(self, recipe, tmp_path):
        read, write = os.pipe()
        os.close(read)
        assert self.ran(recipe, tmp_path / "out", stdout=write).returncode == 0
        os.close(write)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
    def test_a_full_device_is_told_once_all_is_made(self, recipe, tmp_path):
        with Path("/dev/full").open("w") as full:
            done = self.ran(recipe, tmp_path / "out", stdout=full)
        assert done.returncode == 1
        assert b"standard output can't be written: No space left on device" in done.stderr

    def test_a_path_that_the_encoding_lacks(self, recipe, tmp_path):
        out = tmp_path / "\u51fa\u529b"
        done = self.ran(recipe, out, stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "cp1252"})
        assert done.returncode == 0
        assert rb"\u51fa\u529b/sheet.png".replace(b"/", os.sep.encode()) in done.stdout

    def test_every_path_is_printed_as_soon_as_it_is_made(self, recipe, tmp_path):
        command = [*COMMAND, "run", str(recipe), "--out", str(tmp_path / "out"), "--set", "scheduler.steps=60"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout.readline().strip().endswith(b"0000.png")
            assert not (tmp_path / "out" / "0003.png").exists()
            process.kill()

    def test_standard_error_without_a_reader(self, recipe, tmp_path):
        read, write = os.pipe()
        os.close(read)
        command = [*COMMAND, "run", str(recipe), "--out", str(tmp_path / "out")]
        assert subprocess.run(command, stdout=write, stderr=write, check=False).returncode == 0
        assert (tmp_path / "out" / "sheet.png").exists()
        os.close(write)

    def test_a_program_without_streams(self, monkeypatch, recipe, tmp_path):
        monkeypatch.setattr(sys, "stdout", None)
        monkeypatch.setattr(sys, "stderr", None)
        assert main(["run", str(recipe), "--out", str(tmp_path / "out")]) == 0

    def test_what_was_said_before_a_failure_is_kept(self):
        class Small(io.StringIO):
            def write(self, text):
                if self.tell() > 3:
                    raise OSError(28, "No space left on device")
                return super().write(text)

        small = Small()
        stream = Stream(small)
        for text in ("four", "more", "and more"):
            assert stream.write(text) == len(text)
        assert small.getvalue() == "four"
        assert stream.failure.errno == 28
