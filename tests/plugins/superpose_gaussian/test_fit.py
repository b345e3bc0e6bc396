"""Fitting one's own distributions."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
import torch

from superpose import make
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


def test_fit_is_the_likeliest() -> None:
    """Tipping and Bishop: the likelihood is best at the fit, so every step away from it costs some."""
    images = torch.rand(60, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = fitted(images, 3)
    rows = images.flatten(1).double().repeat(1, 3)

    def likelihood(**changes: torch.Tensor) -> float:
        return float(attrs.evolve(found, **changes).log_density(rows).sum())

    best = likelihood()
    for factor in (0.9, 1.1):
        assert likelihood(variances=found.variances * factor) < best
        assert likelihood(rest=found.rest * factor) < best
        assert likelihood(mean=found.mean * factor) < best
    # What is left out of the components is in the rest: in sum nothing is lost.
    total = found.variances.sum() + found.rest * (48 - 3)
    assert float(total) == pytest.approx(float((rows - rows.mean(0)).square().sum(1).mean()), rel=1e-9)


def test_its_covariance_is_that_of_the_images_but_for_what_is_left_out() -> None:
    """Along each component the variance is NumPy's; what is left out keeps the mean of it."""
    images = torch.rand(50, 2, 3, generator=torch.Generator().manual_seed(1)) * 2 - 1
    found = fitted(images, 2)
    rows = np.tile(images.flatten(1).double().numpy(), (1, 3))
    theirs = np.cov(rows.T, bias=True)
    values = np.linalg.eigvalsh(theirs)[::-1]
    np.testing.assert_allclose(found.mean, rows.mean(0))
    np.testing.assert_allclose(found.variances, values[:2])
    np.testing.assert_allclose(found.components @ found.components.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(np.diag(found.components.numpy() @ theirs @ found.components.numpy().T), values[:2])
    assert float(found.rest) == pytest.approx(values[2:].mean())


@pytest.mark.parametrize(("images", "count"), [(30, 6), (30, 9), (4, 3), (1, 0), (3, -1)])
def test_more_components_than_the_images_have_are_refused(images: int, count: int) -> None:
    """Nothing would be left for other directions, and every density would be infinite."""
    made = torch.rand(images, 2, 3, generator=torch.Generator().manual_seed(0))
    most = min(images - 1, 6) - 1
    told = f"{count} components of {images} images of 2x3: write from 0 to {most}" if most >= 0 else "too few images"
    with pytest.raises(ValueError, match=told):
        fitted(made, count)
    if most >= 0:
        assert fitted(made, most).log_density(torch.zeros(1, 18).double()).isfinite()


def test_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["gaussian", "--data", str(data(tmp_path)), "--out", str(tmp_path / "out")])
    assert "256 components of 40 images of 8x8: write from 0 to 38" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


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
