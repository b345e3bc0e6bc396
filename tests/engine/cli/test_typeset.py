"""`superpose typeset`: prints what it wrote, and needs no torch."""

import subprocess
import sys

import numpy as np

from made_images import made
from superpose.cli import main

HEAD = 'scheduler = {kind = "ddim", steps = 2}\nmodel = {kind = "word", letters = 2, model = {kind = "glyphs"}}\n'
SHOWS = '[[view]]\nkind = "identity"\nprompt = "ox"\n[[view]]\nkind = "rotate"\nprompt = "xo"\n'


def letters():
    values = np.full((32, 64, 3), 255, np.uint8)
    values[8:24, 8:24] = values[8:24, 40:56] = 0
    return values


def test_it_tells_where_the_word_is(tmp_path, capsys):
    made(tmp_path / "a.png", SHOWS, letters(), HEAD)
    given = ["typeset", str(tmp_path / "a.png"), "--no-outlines", "--out", str(tmp_path / "print"), "--height", "20"]
    assert main(given) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "print" / "a-word.png")]
    assert main(given) == 2
    assert "is there already" in capsys.readouterr().err


def test_no_torch_is_needed(tmp_path):
    made(tmp_path / "a.png", SHOWS, letters(), HEAD)
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom superpose.cli import main\n"
        f"sys.exit(main(['typeset', {str(tmp_path / 'a.png')!r}, '--no-outlines', '--height', '20']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
