"""`superpose primes`: the sheets, and the pages where ReportLab is there, without torch."""

import subprocess
import sys

from made_images import made, pixels
from superpose.cli import main

BOTH = '[[view]]\nkind = "canvas"\nprompt = "A"\n[[view]]\nkind = "canvas"\nnumber = 1\nprompt = "B"\n'


def test_without_reportlab_there_are_the_sheets(tmp_path, monkeypatch, capsys):
    made(tmp_path / "a.png", BOTH, pixels(32, 16))
    monkeypatch.setattr("superpose.running.primes.find_spec", lambda name: None)
    assert main(["primes", str(tmp_path / "a.png")]) == 2
    assert "pip install 'superpose[print]'; --no-pages leaves them out" in capsys.readouterr().err
    assert main(["primes", str(tmp_path / "a.png"), "--no-pages"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / f"a-prime-{k}.png") for k in (1, 2)]


def test_no_torch_is_needed(tmp_path):
    made(tmp_path / "a.png", BOTH, pixels(32, 16))
    program = "import sys; sys.modules['torch'] = None; from superpose.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "primes", str(tmp_path / "a.png"), "--scale", "1", "--width", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 3
