"""The model of EDM in recipes: levels of its training, and a run from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import superpose
from edm_pickles import SAID, pickled, restated
from superpose_edm.convert import convert


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("VPPrecond", 0.002, 80), ("VEPrecond", 0.02, 80), ("iDDPMPrecond", 0.0064, 80), ("EDMPrecond", 0.002, 80)],
)
def test_the_range_of_noise_is_that_of_the_training(tmp_path: Path, name: str, low: float, high: float) -> None:
    config = convert(pickled(tmp_path / "a.pkl", restated()[1], name, **SAID), tmp_path / "net")
    schedule = superpose.make("model", "edm", path=tmp_path / "net").schedule
    assert config.preconditioning == name
    assert (schedule.sigma_min, schedule.sigma_max) == (pytest.approx(low, rel=0.3), high)


RECIPE = """
prompt = "3"
model = {kind = "edm", path = "net"}
scheduler = {kind = "heun", grid = "karras", steps = 3}
guidance = {kind = "cfg", scale = 2.0}
"""


@pytest.mark.usefixtures("theirs")
def test_a_recipe_runs_through_the_command_line(tmp_path: Path) -> None:
    from superpose.cli import main as superpose_main

    convert(pickled(tmp_path / "edm.pkl", restated()[1], **SAID), tmp_path / "net")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    assert superpose_main(["check", "recipe.toml"]) == 0
    assert superpose_main(["run", "recipe.toml", "--out", "out", "--device", "cpu"]) == 0
    assert superpose.read_image(tmp_path / "out" / "0000.png", (3, 8, 8)).shape == (3, 8, 8)
