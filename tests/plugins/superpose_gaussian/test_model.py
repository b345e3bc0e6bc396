"""The embedded distributions, and fitting one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from superpose import PromptError, RecipeError, make, refuse
from superpose.testing import check_predictor
from superpose_gaussian.files import read
from superpose_gaussian.fit import fitted, main


def data(folder: Path) -> Path:
    """40 images of two classes, dark on the left or on the right."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = rng.integers(0, 60, (40, 8, 8))
    for image, label in zip(images, labels, strict=True):
        image[:, 4 * label : 4 * label + 4] += 180
    np.savez(folder / "data.npz", images=images.astype(np.uint8), labels=labels, classes=np.array(["left", "right"]))
    return folder / "data.npz"


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


def test_fit_is_the_likeliest() -> None:
    """Tipping and Bishop: the likelihood is best at the fit, so every step away from it costs some."""
    images = torch.rand(60, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = fitted(images, 3)
    rows = images.flatten(1).double().repeat(1, 3)

    def likelihood(**changes: torch.Tensor) -> float:
        import attrs

        return float(attrs.evolve(found, **changes).log_density(rows).sum())

    best = likelihood()
    for factor in (0.9, 1.1):
        assert likelihood(variances=found.variances * factor) < best
        assert likelihood(rest=found.rest * factor) < best
        assert likelihood(mean=found.mean * factor) < best
    # What is left out of the components is in the rest: in sum nothing is lost.
    total = found.variances.sum() + found.rest * (48 - 3)
    assert float(total) == pytest.approx(float((rows - rows.mean(0)).square().sum(1).mean()), rel=1e-9)


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_command_writes_what_a_model_reads(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "weights"
    main([kind, "--data", str(data(tmp_path)), "--out", str(out), "--components", "4"])
    model = make("model", kind, path=out)
    assert model.shape == (3, 8, 8)
    assert model.prompts == (("left", "right") if kind == "mixture" else ("",))
    check_predictor(model.load(), [""])
    images = read(out)
    means = torch.stack([one.mean for one in images.normals]).view(-1, 3, 8, 8)
    if kind == "mixture":
        left, right = means[:, 0, :, :4].mean((1, 2)), means[:, 0, :, 4:].mean((1, 2))
        assert (left < right).tolist() == [True, False]
    one = images.normals[0]
    torch.testing.assert_close(one.components @ one.components.T, torch.eye(4).double())
