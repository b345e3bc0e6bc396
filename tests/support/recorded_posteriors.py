"""Posterior samplers of other programs, recorded: their networks, levels and files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import torch
from safetensors.torch import load_file

from superpose import Estimate, LinearOperator, NoiseLevel, Spectrum, TableSchedule, evaluate, make, prompted

FIXTURES = Path(__file__).parent.parent / "fixtures"
LINEAR = TableSchedule.named("linear")
CLEAN = NoiseLevel(0, -1.0, 1.0, 0.0)


class Case:
    """A folder of the fixtures."""

    def __init__(self, name: str) -> None:
        folder = FIXTURES / name
        self.about = json.loads((folder / "case.json").read_text())
        self.runs: dict[str, Any] = {run["name"]: run for run in self.about["runs"]}
        files = folder / "inputs.safetensors", folder / "outputs.safetensors"
        self.given, self.wanted = (load_file(file) if file.exists() else {} for file in files)

    def agree(self, name: str, got: torch.Tensor) -> None:
        """Hold a tensor to the recorded one of that name, at its tolerance."""
        told, want = self.about["outputs"][name], self.wanted[name]
        torch.testing.assert_close(
            got.view(want.shape), want, atol=told["atol"], rtol=told["rtol"], msg=lambda text: f"{name}: {text}"
        )


def port():
    """The network of DDPM's port, told nothing."""
    network = make("model", "ddpm", path=FIXTURES / "pd_a_ddpm_model" / "model.ckpt", size=16).load()
    return prompted(network, "")


def level(t: float) -> NoiseLevel:
    """The level of a time; below 0 the clean end."""
    return LINEAR.level(0, t) if t >= 0 else CLEAN


def denoise(denoiser, clip=None):
    """What a step asks, given a denoiser; ``clip`` is the largest value."""

    def ask(x, at):
        with torch.no_grad():
            clean = evaluate(denoiser, x, at).clean
        return Estimate(clean if clip is None else clean.clamp(-clip, clip))

    return ask


def drawn(noise):
    """The noise of a step that is given."""
    return lambda purpose="step", law="normal": noise


@attrs.frozen(eq=False)
class Spectral(LinearOperator):
    """An operator that is nothing but its spectrum; ``spread`` is U, from coordinates to observations."""

    shape: tuple[int, int, int]
    observed_shape: tuple[int, int, int]
    spectrum: Spectrum
    spread: Callable[[torch.Tensor], torch.Tensor]

    def apply(self, x):
        return self.spread(self.spectrum.coordinates(x) * self.spectrum.values.to(x))


def patches(x, ratio):
    """Images (N, C, H, W) as (N, C, patches, ratio^2)."""
    n, c, h, w = x.shape
    tiles = x.view(n, c, h // ratio, ratio, w // ratio, ratio).transpose(3, 4)
    return tiles.reshape(n, c, -1, ratio**2)


def unpatched(tiles, shape, ratio):
    """The images again."""
    c, h, w = shape
    return tiles.view(-1, c, h // ratio, w // ratio, ratio, ratio).transpose(3, 4).reshape(-1, c, h, w)


def averaging(shape, ratio, basis, sign, value):
    """Block averaging in the basis (ratio^2, ratio^2) of a block that a program had; coordinates lie in their block."""
    c, h, w = shape
    small = c, h // ratio, w // ratio
    values = torch.zeros(1, c, small[1] * small[2], ratio**2)
    values[..., 0] = value

    def seen(y):
        coordinates = torch.zeros(len(y), c, small[1] * small[2], ratio**2).to(y)
        coordinates[..., 0] = sign * y.flatten(2)
        return unpatched(coordinates, shape, ratio)

    known = Spectrum(
        unpatched(values, shape, ratio)[0],
        lambda x: unpatched(patches(x, ratio) @ basis.to(x), shape, ratio),
        lambda x: unpatched(patches(x, ratio) @ basis.T.to(x), shape, ratio),
        seen,
    )
    return Spectral(shape, small, known, lambda k: sign * patches(k, ratio)[..., 0].view(len(k), *small))
