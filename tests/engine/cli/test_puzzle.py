"""`superpose puzzle`: both files, or the lines alone, without torch."""

import subprocess
import sys

from made_images import made, pixels
from superpose.cli import main


def shows(*kinds):
    return "".join(f'[[view]]\nkind = "{kind}"\nprompt = "A"\n' for kind in kinds)


def test_without_reportlab_there_are_the_lines(tmp_path, monkeypatch, capsys):
    made(tmp_path / "a.png", shows("jigsaw"))
    monkeypatch.setattr("superpose.running.puzzle.find_spec", lambda name: None)
    assert main(["puzzle", str(tmp_path / "a.png")]) == 2
    assert "pip install 'superpose[print]'; --no-pages leaves them out" in capsys.readouterr().err
    assert main(["puzzle", str(tmp_path / "a.png"), "--no-pages"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "a-puzzle.svg")]


def test_no_torch_is_needed(tmp_path):
    made(tmp_path / "a.png", shows("identity", "jigsaw"), pixels(16, 16))
    program = "import sys; sys.modules['torch'] = None; from superpose.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "puzzle", str(tmp_path / "a.png"), "--scale", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 2
