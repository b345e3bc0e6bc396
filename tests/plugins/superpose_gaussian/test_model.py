"""The embedded distributions."""

from __future__ import annotations

from pathlib import Path

import pytest

from superpose import PromptError, RecipeError, make, refuse
from superpose.testing import check_predictor


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_embedded_models_obey_the_laws(kind: str) -> None:
    model = make("model", kind)
    network = model.load()
    check_predictor(network, [*model.prompts[:2], ""])
    assert network.shape == model.shape == (3, 32, 32)
    # A clean image stays what it is where there is next to no noise.
    x = network.images.normals[0].mean.float().view(1, *network.shape)
    level = network.schedule.level(0, 0)
    clean = network.predict(level.alpha * x, level, network.gather([network.condition("")])).output
    assert float((clean - x).abs().max()) < 0.01


def test_an_unknown_prompt_is_refused() -> None:
    with pytest.raises(PromptError, match="unknown prompt 'AB'; nearest: 'B', 'A', ''"):
        refuse(make("model", "mixture").prompt_problems("AB"), PromptError)
    with pytest.raises(PromptError, match="unknown prompt 'A'; nearest: ''"):
        refuse(make("model", "gaussian").prompt_problems("A"), PromptError)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"has no model\.safetensors; write a folder of superpose_gaussian\.fit"):
        make("model", "gaussian", path=tmp_path).load()
