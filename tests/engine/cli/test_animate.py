"""`superpose animate`: places of animations of one image and of a run, without torch."""

import subprocess
import sys

from PIL import Image

from made_images import made, pixels
from superpose.cli import main


def test_of_a_run_every_image_is_animated_and_no_sheet(tmp_path, capsys):
    for name in ("0000", "0001"):
        made(tmp_path / f"{name}.png")
    Image.fromarray(pixels()).save(tmp_path / "sheet.png")
    command = ["animate", str(tmp_path), "--move", "0.3", "--rest", "0.2", "--size", "32"]
    assert main([*command, "--format", "webp"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / f"000{i}.webp") for i in (0, 1)]
    assert main([*command, "--out", str(tmp_path / "films")]) == 0
    assert sorted(path.name for path in (tmp_path / "films").iterdir()) == ["0000.gif", "0001.gif"]
    assert main([*command, "--out", "x.gif"]) == 2
    assert "name a folder with --out" in capsys.readouterr().err
    assert main(["animate", str(tmp_path / "films")]) == 2
    assert "holds no image that superpose wrote" in capsys.readouterr().err


def test_no_torch_is_needed_for_any_kind_of_ours(tmp_path):
    inner = "".join(f'band-{i} = "A"\n' for i in range(3))
    parts = {
        "colour": 'grey = "A"\ncolour = "B"',
        "motion": 'length = 24\nmoving = "A"\nstill = "B"',
        "hybrid": 'low = "A"\nhigh = "B"',
        "triple-hybrid": 'low = "A"\nmiddle = "C"\nhigh = "B"',
        **dict.fromkeys(("dct", "laplacian", "haar"), inner),
    }
    for kind, table in parts.items():
        made(tmp_path / f"{kind}.png", f'[decomposition]\nkind = "{kind}"\n{table}')
    made(
        tmp_path / "views.png", "".join(f'[[view]]\nkind = "{k}"\nprompt = "A"\n' for k in ("rotate", "jigsaw", "skew"))
    )
    program = """
import sys
sys.modules["torch"] = None
from superpose.cli import main
from superpose.media.captions import captioned
sys.exit(main(sys.argv[1:]))
"""
    command = [
        sys.executable,
        "-c",
        program,
        "animate",
        str(tmp_path),
        "--move",
        "0.2",
        "--rest",
        "0.1",
        "--size",
        "16",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(parts) + 1
