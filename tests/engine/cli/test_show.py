"""`superpose show` and `superpose diff`: what made an image, and what differs between two."""

import json
import subprocess
import sys

from made_images import forged
from superpose import loads, replay
from superpose.cli import main
from superpose.media.png import read_origin


def said(capsys, *arguments, code=0):
    assert main([str(argument) for argument in arguments]) == code
    return capsys.readouterr().out.splitlines()


class TestShow:
    def test_it_tells_what_made_an_image(self, folder, capsys):
        lines = said(capsys, "show", folder / "b" / "0002.png")
        told = [line.split(maxsplit=1) for line in lines[: lines.index("")]]
        origin = read_origin(folder / "b" / "0002.png")
        assert told == [
            ["image", f"{folder / 'b' / '0002.png'}, 32x32 pixels"],
            ["sample", "number 2, seed 3"],
            ["versions", ", ".join(f"{name} {number}" for name, number in origin.versions.items())],
            ["device", "cpu"],
            ["weights", f"glyphs, SHA-256 {origin.weights['glyphs'][:12]}"],
            ["again", f"superpose replay {folder / 'b' / '0002.png'} --out DIR"],
        ]
        assert "\n".join(lines[lines.index("") + 1 :]) == origin.recipe.rstrip("\n")

    def test_what_is_here_is_told_where_it_is_another(self, folder, tmp_path, capsys):
        image = folder / "a" / "0000.png"
        old = forged(image, tmp_path / "old.png", versions={"superpose": "0.0.9", "lost": "3"}, files={"a b.ckpt": ""})
        lines = said(capsys, "show", old)
        assert "versions lost 3 (here none), superpose 0.0.9 (here 0.1.0)" in lines
        assert "needs    a b.ckpt, a folder" in lines
        assert f"again    superpose replay {old} --out DIR --input 'a b.ckpt'=PATH" in lines

    def test_one_that_was_chosen_says_from_how_many(self, folder, tmp_path, capsys):
        chosen = forged(folder / "a" / "0000.png", tmp_path / "chosen.png", drawn=40)
        assert "chosen   as one of the best of 40 samples" in said(capsys, "show", chosen)
        again = replay(chosen, tmp_path / "again", device="cpu")
        assert again.read_bytes() == chosen.read_bytes()

    def test_the_recipe_alone_runs(self, folder, capsys):
        text = "\n".join(said(capsys, "show", folder / "a" / "0000.png", "--recipe"))
        assert loads(text).subject.prompt == "A"

    def test_a_long_line_of_the_recipe_is_whole(self, folder, tmp_path, capsys):
        text = f'prompt = "{"x" * 5000}"\n'
        long = forged(folder / "a" / "0000.png", tmp_path / "long.png", recipe=text)
        assert said(capsys, "show", long, "--recipe") == [text.rstrip()]
        assert json.loads("".join(said(capsys, "show", long, "--json")))["recipe"] == text

    def test_strangers_words_stay_words(self, folder, tmp_path, capsys):
        evil = forged(folder / "a" / "0000.png", tmp_path / "evil.png", recipe="# \u202eevil", device="\x1b[2J\nx")
        for more in ([], ["--recipe"], ["--json"]):
            told = "".join(said(capsys, "show", evil, *more))
            assert "evil" in told
            assert not {"\x1b", "\u202e"} & set(told)


def test_a_recipe_inside_that_is_none(folder, tmp_path, capsys):
    wrong = forged(folder / "a" / "0000.png", tmp_path / "wrong.png", recipe="prompt =")
    for command in (["show", wrong], ["diff", wrong, folder / "a"]):
        assert main([str(argument) for argument in command]) == 2
        assert f"{wrong}: the recipe inside is not TOML" in capsys.readouterr().err


def test_no_torch_for_what_exists(folder):
    commands = (["show", "a/0000.png"], ["diff", "a", "b"], ["diff", "a.toml", "b/0000.png"])
    script = f"import sys; from superpose.cli import main; print([main(it) for it in {commands!r}], *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1]
    assert modules.startswith("[0, 0, 0]")
    assert "superpose.media.comparison" in modules.split()
    assert "torch" not in modules.split()
