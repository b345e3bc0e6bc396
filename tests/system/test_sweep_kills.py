"""A sweep whose workers and driver are killed has just the images of one that ran in peace, and nothing else."""

import subprocess
import sys

from killing import die_while_writing, made_under_fire, start
from made_sweeps import images_of, left_over, swept, written
from superpose import make
from superpose.running.sweep.sweeping import sweep

AXES = '[sweep]\nretries = 20\n[sweep.axes]\nprompt = ["A", "V"]\n"run.seed" = {range = [0, 8]}\n'


def test_what_is_killed_is_made_all_the_same(tmp_path):
    peace, war = tmp_path / "peace", tmp_path / "war"
    sweep(swept(tmp_path, AXES), peace, executor=make("executor", "inline"))
    war.mkdir()
    workers, drivers = made_under_fire(written(tmp_path, AXES), war, ["--executor", "processes:2"], every=8, seed=3)
    assert workers + drivers >= 2
    assert images_of(war) == images_of(peace)
    assert len(images_of(war)) == 32
    assert left_over(war) == []
    assert (war / "results.csv").read_text().count("\n") == 33


def test_whatever_is_half_written_by_one_who_dies_is_cleared_away(tmp_path):
    recipe, out = written(tmp_path), tmp_path / "out"
    files = ["sweep.jsonl", "0000.png", "job.json", "results.jsonl", "results.csv", "xy.png", "gallery.html"]
    arguments = ["--executor", "inline", "--gallery"]
    die_while_writing(files, recipe, out, *arguments)
    assert any(name.startswith(".superpose-") for name in left_over(out)), "nothing was left to clear away"
    done = start(recipe, out, *arguments)
    _, told = done.communicate()
    assert done.returncode == 0, told
    assert left_over(out) == ["gallery.html"]
    assert len(images_of(out)) == 12


def test_two_sweeps_at_once_make_the_same_once(tmp_path):
    recipe, out = written(tmp_path, AXES), tmp_path / "out"
    both = [start(recipe, out, "--executor", "inline") for _ in range(2)]
    for each in both:
        _, told = each.communicate()
        assert each.returncode == 0, told
    assert len(images_of(out)) == 32
    assert left_over(out) == []
    script = (
        f"from superpose.cli import main; raise SystemExit(main(['sweep', {str(recipe)!r}, '--out', {str(out)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "0 of 16 jobs made in 0.0 s of sampling, 16 were there already" in done.stderr
