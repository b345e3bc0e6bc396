"""Networks that take turns: never two in memory, and the bytes of networks that stay."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import attrs
import pytest

from folders import contents
from superpose import Step, compose, loads, run
from superpose.running.job import Job
from superpose.running.turns import TurnPredictor
from superpose_networks import UNet2D

CASCADE = """
prompt = "A"
model = {kind = "glyphs"}
scheduler = {kind = "ddim", steps = 3}
[[stage]]
model = {kind = "glyphs-cascade"}
scheduler = {kind = "ddpm", steps = 3}
[run]
samples = 3
at_once = 2
threads = 1
"""
#: Both are asked at every step, one of them with a gradient; two networks of pixels on one canvas.
BOTH = """
model = {kind = "glyphs"}
models = {faces = {kind = "glyphs-diffae"}}
scheduler = {kind = "ddim", steps = 2}
view = [{kind = "identity", prompt = "A"}, {kind = "rotate", prompt = "", model = "faces"}]
run = {threads = 1}
"""
GUIDED = """
prompt = "A"
model = {kind = "glyphs"}
scheduler = {kind = "ddim", steps = 2}
guidance = {kind = "classifier", classifier = {kind = "glyphs-classifier"}}
run = {threads = 1}
"""


def networks() -> int:
    """Networks that are in memory."""
    gc.collect()
    return sum(type(it) is UNet2D for it in gc.get_objects())


class Count:
    """How many networks are in memory at each step, those before the run not counted."""

    def __init__(self, before: int) -> None:
        self.before, self.most = before, 0

    def see(self, step: Step) -> None:
        self.most = max(self.most, networks() - self.before)


@pytest.fixture
def loads_alone(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Networks in memory whenever weights are read."""
    from superpose_networks.weight_file import WeightFile

    seen: list[int] = []
    read = WeightFile.read

    def counted(self: WeightFile, *arguments: Any) -> Any:
        seen.append(networks())
        return read(self, *arguments)

    monkeypatch.setattr(WeightFile, "read", counted)
    return seen


def test_a_cascade_holds_one_network_at_a_time_and_makes_the_same_files(tmp_path: Path, loads_alone: list[int]) -> None:
    recipe = loads(CASCADE)
    most = {}
    for offload in ("none", "model"):
        count = Count(networks())
        loads_alone.clear()
        run(loads(CASCADE + f'offload = "{offload}"'), tmp_path / offload, device="cpu", observers=[count])
        most[offload] = count.most
        beside = max(loads_alone) - count.before
        assert beside == (offload == "none"), f"{offload}: weights are read beside {beside} networks"
    assert most == {"none": 2, "model": 1}
    assert contents(tmp_path / "none") == contents(tmp_path / "model")
    assert recipe.run.offload == "none"


@pytest.mark.parametrize("text", [BOTH, GUIDED])
def test_networks_asked_at_one_step_take_turns_and_make_the_same_files(tmp_path: Path, text: str) -> None:
    for offload in ("none", "model"):
        recipe = loads(text.replace("threads = 1", f'threads = 1, offload = "{offload}"'))
        run(recipe, tmp_path / offload, device="cpu")
    assert contents(tmp_path / "none") == contents(tmp_path / "model")


def test_what_stands_for_a_network_says_what_it_says() -> None:
    plain = compose(loads(CASCADE)).stages
    turned = compose(loads(CASCADE + 'offload = "model"')).stages
    for one, other in zip(plain, turned, strict=True):
        assert isinstance(other.predictor, TurnPredictor)
        for name in ("shape", "image_shape", "parameterization", "learned_variance", "clip", "device", "sites"):
            assert getattr(one.predictor, name) == getattr(other.predictor, name)
        assert one.predictor.process.name == other.predictor.process.name


def test_the_last_network_leaves_with_its_run(tmp_path: Path) -> None:
    before = networks()
    run(loads(CASCADE + 'offload = "model"'), tmp_path, device="cpu")
    assert networks() == before


@attrs.define
class Held:
    """Networks in memory at each step of each stage, those before the run not counted."""

    before: int
    seen: list[int] = attrs.field(factory=list)

    def see(self, step: Step) -> None:
        if step.index == 0:
            self.seen.append(networks() - self.before)


#: Its guidance keeps the surroundings that it was bound in, to ask for conditions at every step.
ASKING = 'negative = "B"\nguidance = {kind = "perp-neg"}'


@pytest.mark.parametrize(("at_once", "seen"), [(3, [2, 1]), (2, [2, 2, 2, 1])])
@pytest.mark.parametrize("guidance", ["", ASKING])
def test_a_stage_that_is_done_lets_its_network_go(tmp_path: Path, at_once: int, seen: list[int], guidance: str) -> None:
    held = Held(networks())
    recipe = loads((guidance + CASCADE).replace("at_once = 2", f"at_once = {at_once}"))
    run(recipe, tmp_path, device="cpu", observers=[held])
    assert held.seen == seen


def test_a_composition_in_other_hands_keeps_its_stages(tmp_path: Path) -> None:
    recipe, held = loads(CASCADE), Held(networks())
    composition = compose(recipe)
    job = Job.begun(recipe, composition, tmp_path)
    list(job.make_pending([held]))
    assert held.seen == [2, 2, 2, 2]
    assert len(composition.stages) == 2
