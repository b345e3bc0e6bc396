"""The bridge beside the pipelines themselves: equal noise, scheduler and guidance give equal latents and images."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import superpose
import tiny_pipelines
from superpose import NoisePredictor
from superpose.testing import check_predictor

PROMPT, NEGATIVE, SCALE, STEPS = "a red cube", "a ball of glass", 3.0, 4
#: What each pipeline is called with, the scheduler that is its own, and options of the model.
STABLE = ("ddim", {"grid": "leading", "offset": 1})
FLOW = ("flow-euler", {"grid": "flow-diffusers"})
CASES: dict[str, tuple[dict[str, Any], tuple[str, dict[str, Any]], dict[str, Any]]] = {
    "stable diffusion": ({}, STABLE, {}),
    "told guidance": ({"guidance_scale": 7.0}, STABLE, {"guidance": 7.0}),
    "sdxl": ({"height": 24, "width": 16}, ("euler", {"grid": "linspace-fractional"}), {"height": 24, "width": 16}),
    "sd3": ({}, FLOW, {}),
    "flux dev": (
        {"guidance_scale": 2.5, "true_cfg_scale": SCALE, "height": 16, "width": 24, "max_sequence_length": 12},
        ("flow-euler", {}),
        {"guidance": 2.5, "height": 16, "width": 24, "max_tokens": 12},
    ),
    "flux schnell": (
        {"true_cfg_scale": SCALE, "height": 16, "width": 16},
        ("flow-euler", {}),
        {"height": 16, "width": 16},
    ),
    "pixart alpha": (
        {"height": 16, "width": 8, "use_resolution_binning": False, "clean_caption": False},
        ("ddim", {"grid": "leading"}),
        {"height": 16, "width": 8},
    ),
    "pixart sigma": (
        {"use_resolution_binning": False, "clean_caption": False},
        ("dpmpp", {"grid": "linspace-dpm"}),
        {},
    ),
    # Only what an image should not show goes without the instruction there, and the bridge doesn't know which that is.
    "sana": ({"negative_prompt": "", "use_resolution_binning": False, "clean_caption": False}, FLOW, {}),
    "aura flow": ({}, FLOW, {}),
}  # fmt: skip


def bridge(folder: Path, **options: Any) -> NoisePredictor:
    return superpose.model("diffusers", path=folder, **options)


def scheduler(kind: str, options: dict[str, Any]) -> Any:
    return superpose.make("scheduler", kind, steps=STEPS, **options)


def start(model: NoisePredictor) -> Tensor:
    return superpose.Noise(0, (0, 1), model.shape).draw(-1, "start")


def last_state(run: superpose.Trajectory) -> Tensor:
    state = run.start()
    while state.step < run.steps:
        state = run.step(state)
    return state.x


def close(got: Tensor, want: Tensor, what: str) -> None:
    off = float((got - want).abs().max() / want.abs().max())
    assert off < 1e-4, f"{what} is off by {off:.2g} of its largest value"


@pytest.mark.parametrize("name", CASES)
def test_latents_of_two_samples(name: str, tmp_path: Path) -> None:
    called, its, options = CASES[name]
    theirs = tiny_pipelines.save(name, tmp_path)
    model = bridge(tmp_path, **options)
    called = {"guidance_scale": SCALE, "negative_prompt": NEGATIVE, "num_inference_steps": STEPS} | called
    x, scale = start(model), 1.0 if name == "told guidance" else SCALE
    denoiser = superpose.guided(
        superpose.prompted(model, PROMPT), superpose.prompted(model, called["negative_prompt"]), scale
    )
    got = last_state(superpose.trajectory(denoiser, scheduler(*its), model, samples=2))
    noise = theirs._pack_latents(x, 2, *x.shape[1:]) if name.startswith("flux") else x
    if name == "sdxl":  # its Euler leaves the signal out of the first state
        noise = noise / scheduler(*its).plan(model.schedule).levels[0].sigma
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = theirs(PROMPT, num_images_per_prompt=2, latents=noise, output_type="latent", **called).images
    if name.startswith("flux"):
        want = theirs._unpack_latents(want, *model.image_shape[1:], theirs.vae_scale_factor)
    close(got, want, name)
    check_predictor(model, [PROMPT, NEGATIVE])


@pytest.mark.parametrize("name", ["dit", "ddpm", "latent diffusion"])
def test_images_of_pipelines_that_draw_their_own_noise(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tiny_pipelines.save(name, tmp_path)
    model = bridge(tmp_path)
    x = start(model)
    monkeypatch.setattr(sys.modules[type(theirs).__module__], "randn_tensor", lambda *_, **__: x.clone())
    options: dict[str, Any] = {"num_inference_steps": STEPS, "output_type": "np"}
    if name == "dit":
        pair = superpose.prompted(model, "207"), superpose.prompted(model, "")
        denoiser: superpose.Denoiser = superpose.guided(*pair, SCALE)
        want = theirs([207, 207], guidance_scale=SCALE, **options).images
    else:
        denoiser = superpose.prompted(model, "")
        want = theirs(batch_size=2, **options).images
    got = superpose.sample(denoiser, scheduler("ddim", {"grid": "leading"}), model, samples=2)
    images = (got / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    close(images, torch.from_numpy(want), name)
