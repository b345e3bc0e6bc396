"""A run that is watched makes the same bytes, wherever it is seen and whether it was stopped or not."""

import re
import threading
import urllib.request

import pytest

import superpose
import superpose.cli.page
from superpose.cli import main
from superpose.running.job import Job
from terminals import KITTY, PLAIN, SIXEL, on_terminal

TEXT = 'prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddpm", steps = 6}\nrun = {samples = 2}\n'


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A recipe, and the bytes of its images."""
    folder = tmp_path_factory.mktemp("plain")
    recipe = folder / "letter.toml"
    recipe.write_text(TEXT)
    assert main(["run", str(recipe), "--device", "cpu", "--out", str(folder / "out")]) == 0
    return recipe, bytes_of(folder / "out")


def bytes_of(folder):
    return [(folder / f"000{k}.png").read_bytes() for k in (0, 1)]


def stopped(recipe, out):
    """Leave a run of a recipe that was stopped after its third step."""

    class Stops:
        def see(self, step):
            if step.index == 2:
                raise KeyboardInterrupt

    with Job.of(superpose.load(recipe), out, device="cpu") as job, pytest.raises(KeyboardInterrupt):
        list(job.make(job.pending, [Stops()]))
    assert list(out.glob(".superpose-*.state.safetensors"))


@pytest.mark.parametrize(
    ("answer", "more", "sign"),
    [
        (PLAIN, ["--preview"], "▀"),
        (SIXEL, ["--preview"], "\x1bP0;1;0q"),
        (KITTY, ["--preview", "--resume"], "\x1b_Ga=t"),
    ],
)
def test_a_terminal_shows_pictures_as_it_says_it_can(answer, more, sign, plain, tmp_path):
    recipe, wanted = plain
    if "--resume" in more:
        stopped(recipe, tmp_path / "out")
    command = ["run", str(recipe), "--device", "cpu", "--out", str(tmp_path / "out"), *more]
    code, written = on_terminal(command, answer)
    assert code == 0, written.decode(errors="replace")
    assert sign in written.decode()
    assert bytes_of(tmp_path / "out") == wanted


def test_a_page_shows_a_run_that_goes_on(plain, tmp_path, capfd, monkeypatch):
    recipe, wanted = plain
    stopped(recipe, tmp_path / "out")
    told, begun = [], threading.Event()

    def look(address):
        with urllib.request.urlopen(f"{address}news", timeout=120) as stream:
            begun.set()
            told.extend(stream)

    class Looked(superpose.cli.page.Page):
        def __enter__(self):
            threading.Thread(target=look, args=(super().__enter__().address,)).start()
            assert begun.wait(60)
            return self

    monkeypatch.setattr("superpose.cli.page.Page", Looked)
    command = ["run", str(recipe), "--device", "cpu", "--out", str(tmp_path / "out"), "--resume"]
    assert main([*command, "--preview-on", "page"]) == 0
    assert re.search(r"preview: http://127\.0\.0\.1:\d+/[\w-]+/", capfd.readouterr().err)
    assert bytes_of(tmp_path / "out") == wanted
    news = b"".join(told).decode()
    assert '"step": 4, "steps": 6' in news
    assert '"sample": 1' in news
    assert "The run is over; its images are in" in news


def test_a_preview_that_nobody_can_see_is_told(plain, tmp_path, capsys):
    recipe, wanted = plain
    assert main(["run", str(recipe), "--device", "cpu", "--out", str(tmp_path), "--preview"]) == 0
    assert "the preview is shown nowhere: standard error is no terminal" in capsys.readouterr().err
    assert bytes_of(tmp_path) == wanted


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("paper", "write page, page:PORT, kitty or sixel or blocks"),
        ("page:", "a port is a number from 1 to 65535"),
        ("page:99999", "a port is a number from 1 to 65535"),
        ("sixel:80", "write page"),
    ],
)
def test_no_such_place(where, why, plain, tmp_path, capsys):
    assert main(["run", str(plain[0]), "--out", str(tmp_path / "out"), "--preview-on", where]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
