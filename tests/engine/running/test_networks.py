"""Networks as the table of a run wants them."""

from __future__ import annotations

import pytest

from graphs import Graphs
from halves import HalvesClassifier
from superpose import Notice, RecipeError, inspect, loads, make, model, prompted, sample
from superpose.recipe import Run
from superpose.running.networks import Networks
from superpose.running.turns import TurnClassifier, TurnPredictor

GLYPHS = make("model", "glyphs")
READER = make("classifier", "glyphs-classifier")


def test_a_network_is_read_as_the_run_says() -> None:
    predictor = Networks(Run(dtype="bfloat16"), "cpu").predictor(GLYPHS)
    [network] = predictor.modules  # type: ignore[attr-defined]
    assert {str(it.dtype) for it in network.parameters()} == {"torch.bfloat16"}


def test_networks_in_turn_are_read_when_they_are_asked() -> None:
    networks = Networks(Run(offload="model"), "cpu")
    predictor, classifier = networks.read(GLYPHS), networks.read(READER)
    assert isinstance(predictor, TurnPredictor)
    assert isinstance(classifier, TurnClassifier)
    assert predictor.condition("A").prompt == "A"
    assert classifier.shape == GLYPHS.shape


def test_what_has_no_network_is_told_of_and_runs() -> None:
    with pytest.warns(Notice, match="model 'gaussian' has no network that torch compiles"):
        Networks(Run(compile=True), "cpu").predictor(make("model", "gaussian"))
    with pytest.warns(Notice, match="classifier 'halves' has no network that torch compiles"):
        Networks(Run(compile=True), "cpu").read(HalvesClassifier())


def test_compiling_what_takes_turns_is_refused_at_check() -> None:
    recipe = "prompt = 'A'\nmodel = {kind = 'glyphs'}\nscheduler = {kind = 'ddim', steps = 2}\n[run]\ncompile = true\n"
    with pytest.raises(RecipeError, match=r"5:1: run.compile: networks that take turns .* leave out this, or offload"):
        inspect(loads(recipe + "offload = 'model'"))


def test_a_compiled_run_asks_the_compiled_network(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, graphs = model("glyphs"), Graphs()
    assert predictor.compile(graphs)
    monkeypatch.setattr(type(GLYPHS), "load", lambda *_: predictor)
    monkeypatch.setattr(type(predictor), "compile", lambda self: True)
    read = Networks(Run(compile=True), "cpu").predictor(GLYPHS)
    sample(prompted(read, "A"), make("scheduler", "ddim", steps=2), read, samples=1)
    assert len(graphs) == 1
