"""An image that a renderer has drawn is made again of what its PNG holds, to the byte."""

from pathlib import Path

import pytest

from superpose.cli import main
from superpose.media.png import read_origin
from superpose.plugins import load_plugins

RECIPE = Path(__file__).parents[3] / "recipes" / "methods" / "fourier-features.toml"
FEW = ["--set", "scheduler.steps=4", "--samples", "3"]


@pytest.mark.parametrize("kind", load_plugins().kinds("renderer"))
def test_a_sample_is_replayed_alone(kind: str, tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.read_text().replace('"fourier-features"', f'"{kind}"'))
    assert main(["run", str(recipe), "--out", str(out), *FEW]) == 0
    assert f'kind = "{kind}"' in read_origin(out / "0002.png").recipe
    assert main(["replay", str(out / "0002.png"), "--out", str(again)]) == 0
    assert (again / "0002.png").read_bytes() == (out / "0002.png").read_bytes()
    assert (out / "0001.png").read_bytes() != (out / "0002.png").read_bytes()


def test_a_renderer_s_options_are_inside(tmp_path: Path) -> None:
    """Another network draws another picture: what is inside has to say which."""
    made = []
    for width in (16, 24):
        out = tmp_path / str(width)
        said = ["--set", f"scheduler.renderer.width={width}", "--out", str(out)]
        assert main(["run", str(RECIPE), *FEW, *said]) == 0
        assert main(["replay", str(out / "0000.png"), "--out", str(out / "again")]) == 0
        made.append((out / "0000.png").read_bytes())
        assert (out / "again" / "0000.png").read_bytes() == made[-1]
    assert made[0] != made[1]
