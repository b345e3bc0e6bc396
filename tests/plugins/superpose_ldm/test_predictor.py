"""The recorded answers and runs of diffusers, CompVis' latent diffusion and InstructPix2Pix, at their own tolerance."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from superpose import Condition, Conditioning, NoiseLevel, Prompted, Trajectory, guided
from superpose_guidance.dual import Dual
from superpose_ldm.model import CompVis, InstructPix2Pix, StableDiffusion
from superpose_ldm.predictor import seen
from superpose_schedulers.ddim import DDIM
from superpose_schedulers.dpmpp import DPMpp
from superpose_schedulers.euler import Euler
from superpose_schedulers.euler_ancestral import EulerAncestral
from superpose_schedulers.pndm import PNDM

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = (
    "df_d_stable_diffusion",
    "df_e_vq_ldm",
    "ldm_a_uncond_vq",
    "ldm_b_class_kl",
    "ldm_c_inpaint",
    "ip_a_instruct_pix2pix",
)
UNCUT = pytest.mark.filterwarnings("ignore:the model reads 16 tokens")


class Case:
    """A fixture: its files, and a comparison at its tolerance."""

    def __init__(self, name: str) -> None:
        self.folder = FIXTURES / name
        self.about = json.loads((self.folder / "case.json").read_text())
        self.inputs = load_file(self.folder / "inputs.safetensors")
        self.outputs = load_file(self.folder / "outputs.safetensors")
        self.runs = {run["name"]: run for run in self.about["runs"]}

    def check(self, name: str, got: Tensor) -> None:
        want, about = self.outputs[name], self.about["outputs"][name]
        assert got.shape == want.shape, f"{name}: {tuple(got.shape)} instead of {tuple(want.shape)}"
        worst = float(((got - want).abs() - about["rtol"] * want.abs()).max())
        assert worst <= about["atol"], f"{name}: off by {worst:.2e} where {about['atol']:.0e} is allowed"


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: Case(name) for name in NAMES}


def compvis(case: Case, kind: Any = CompVis, **options: Any) -> Any:
    return kind(path=case.folder / "model.ckpt", config=case.folder / "config.yaml", **options).load()


def without_files(case: Case, folder: Path, *names: str) -> Any:
    """A predictor that is given tensors in the place of image files: those of the fixtures do not fit into 8 bits."""
    kind, side = (InstructPix2Pix, 8) if names == ("image",) else (CompVis, 16)
    for name in names:
        Image.new("RGB", (side, side), "white").save(folder / f"{name}.png")
    return compvis(case, kind, **{name: folder / f"{name}.png" for name in names})


@attrs.frozen(eq=False)
class Recorded:
    """Noise as it was drawn: the start, then one draw whenever a step asks."""

    start: Tensor
    draws: Any

    def draw(self, step: int, purpose: str = "step") -> Tensor:
        return self.start if step < 0 else next(self.draws)


def run(
    predictor: Any, denoiser: Any, scheduler: Any, case: Case, start: Tensor, **options: Any
) -> tuple[Tensor, Tensor]:
    """The last latents, and the picture of the first of them."""
    plan = options.pop("plan", None) or scheduler.plan(predictor.schedule)
    noise = Recorded(start / plan.levels[0].prior, iter(options.pop("draws", case.inputs.get("noise", ()))))
    trajectory = Trajectory(denoiser, scheduler, plan, noise, predictor=predictor, **options)
    state = trajectory.start()
    while state.step < trajectory.steps:
        state = trajectory.step(state)
    return state.x, trajectory.finish(attrs.evolve(state, x=state.x[:1]))


def together(predictor: Any, prompts: list[str]) -> Condition:
    """Conditions of several samples, as one."""
    return Condition(" | ".join(prompts), predictor.gather([predictor.condition(prompt) for prompt in prompts]))


class Batched:
    """A predictor whose condition is that of all rows already."""

    def __init__(self, predictor: Any) -> None:
        self.inner = predictor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def gather(self, conditions: list[Condition]) -> Any:
        return self.inner.gather(list(dict.fromkeys(conditions)))


def denoisers(predictor: Any, positive: Condition, negative: Condition, scale: float) -> Any:
    batched: Any = Batched(predictor)
    return guided(Prompted(batched, positive), Prompted(batched, negative), scale)


# ---- Stable Diffusion in a folder of diffusers


@pytest.fixture(scope="module")
def diffusion(cases) -> Any:
    return StableDiffusion(path=cases["df_d_stable_diffusion"].folder / "pipeline").load()


@UNCUT
def test_networks_of_stable_diffusion(cases, diffusion) -> None:
    case = cases["df_d_stable_diffusion"]
    x, z = case.inputs, case.inputs["z"]
    prompts, negative = case.about["prompts"], case.about["negative_prompt"]
    tokens = diffusion.model.metadata.conditioning.tokens
    case.check("token_ids_prompts", torch.tensor([tokens(prompt) for prompt in prompts]))
    case.check("token_ids_negative", torch.tensor([tokens(negative)] * 2))
    words = together(diffusion, prompts).tensors["context"]
    case.check("text_embeds", words)
    case.check("negative_embeds", together(diffusion, [negative] * 2).tensors["context"])
    case.check("eps", diffusion.network(x["x"], x["t"], words))
    mean, log_variance = diffusion.autoencoder.moments(x["image"])
    case.check("vae_mean", mean)
    case.check("vae_logvar", log_variance)
    case.check("decoded", diffusion.decode(z * 0.18215))
    case.check("vae_mean", diffusion.encode(x["image"]) / 0.18215)


SCHEDULERS = {
    "ddim": DDIM(steps=8, grid="leading", offset=1, final="first"),
    "pndm": PNDM(steps=8, grid="leading", offset=1, final="first"),
    "euler": Euler(steps=8, grid="leading", offset=1),
    "dpmpp_2m_karras": DPMpp(steps=8, grid="karras-rounded", order=2),
    "ddim_eta0.5_cfg1": DDIM(steps=6, grid="leading", offset=1, final="first", eta=0.5),
}


@UNCUT
@pytest.mark.parametrize("name", SCHEDULERS)
def test_runs_of_stable_diffusion(cases, diffusion, name) -> None:
    case = cases["df_d_stable_diffusion"]
    about, scheduler = case.runs[name], SCHEDULERS[name]
    positive = together(diffusion, case.about["prompts"])
    negative = together(diffusion, [case.about["negative_prompt"]] * 2)
    # The pipeline starts at x_T times init_noise_sigma, on the state divided by alpha in Euler's case.
    first = scheduler.plan(diffusion.schedule).levels[0]
    start = case.inputs["x_T"] * about["scheduler"]["init_noise_sigma"] * (first.alpha if name == "euler" else 1)
    denoiser = denoisers(diffusion, positive, negative, about["guidance_scale"])
    latent, image = run(diffusion, denoiser, scheduler, case, start)
    case.check(f"{name}/latent", latent)
    case.check(f"{name}/image", image)


# ---- VQ latent diffusion in a folder of diffusers


def test_vq_in_a_folder(cases) -> None:
    case = cases["df_e_vq_ldm"]
    predictor: Any = CompVis(path=case.folder / "pipeline").load()
    x, first = case.inputs, predictor.autoencoder
    case.check("latents", first.moments(x["image"])[0])
    codes = first.codes(x["z"])
    case.check("codes", codes)
    case.check("quantized", first.quantize["embedding"].weight[codes].t().reshape(x["z"].shape))
    case.check("decoded", predictor.decode(x["z"]))
    case.check("decoded_not_quantize", first.decoder(first.post_quant_conv(x["z"])))
    denoiser = Prompted(predictor, predictor.condition(""))
    latent, image = run(predictor, denoiser, DDIM(steps=8, grid="leading"), case, x["x_T"])
    case.check("ddim_latent", latent)
    case.check("ddim_image", image)


# ---- CompVis


@pytest.mark.parametrize("ema", [True, False])
def test_unconditional_ldm(cases, ema) -> None:
    case, suffix = cases["ldm_a_uncond_vq"], "_ema" if ema else ""
    predictor = compvis(case, ema=ema)
    x = case.inputs
    case.check(f"eps{suffix}", predictor.network(x["x"], x["t"]))
    case.check("decoded", predictor.decode(x["z"]))
    case.check("encoded", predictor.encode(x["image"]))
    case.check("codes", predictor.autoencoder.codes(x["z"]).reshape(1, 8, 8))
    for name, about in case.runs.items():
        scheduler = DDIM(steps=10, grid="compvis", final="first", eta=about.get("eta", 0.0))
        latent, image = run(predictor, Prompted(predictor, predictor.condition("")), scheduler, case, x["x_T"])
        case.check(f"{name}/latent{suffix}", latent)
        case.check(f"{name}/image{suffix}", image)


def test_class_conditional_ldm(cases) -> None:
    case = cases["ldm_b_class_kl"]
    predictor = compvis(case)
    x = case.inputs
    positive = together(predictor, [str(label) for label in x["y"].tolist()])
    negative = together(predictor, ["", ""])
    assert torch.equal(negative.tensors["context"], together(predictor, ["10", "10"]).tensors["context"])
    case.check("conditioning", positive.tensors["context"])
    case.check("eps", predictor.network(x["x"], x["t"], **positive.tensors))
    case.check("decoded", predictor.decode(x["z"]))
    mean, log_variance = predictor.autoencoder.moments(x["image"])
    case.check("encoded_mean", mean)
    case.check("encoded_logvar", log_variance)
    for name, about in case.runs.items():
        kind = PNDM if about["sampler"] == "plms" else DDIM
        options = {"eta": about["eta"]} if "eta" in about else {}
        scheduler = kind(steps=about["S"], grid="compvis", final="first", **options)
        denoiser = denoisers(predictor, positive, negative, about["scale"])
        latent, image = run(predictor, denoiser, scheduler, case, x["x_T"])
        case.check(f"{name}/latent", latent)
        case.check(f"{name}/image", image)


def test_inpainting_ldm(cases, tmp_path) -> None:
    case = cases["ldm_c_inpaint"]
    x = case.inputs
    predictor = without_files(case, tmp_path, "image", "mask")
    mask = (x["mask"] + 1) / 2
    channels = seen("image and mask", predictor.autoencoder, x["masked_image"], mask)
    case.check("conditioning", channels)
    # What is under the mask makes no difference.
    anything = torch.where(mask.bool(), torch.rand_like(x["masked_image"]), x["masked_image"])
    assert torch.equal(seen("image and mask", predictor.autoencoder, anything, mask), channels)
    case.check("eps", predictor.network(torch.cat((x["x"], channels), 1), x["t"]))
    case.check("decoded", predictor.decode(x["z"]))
    case.check("encoded", predictor.encode(x["image"]))
    case.check("codes", predictor.autoencoder.codes(x["z"]).reshape(1, 8, 8))
    for name, about in case.runs.items():
        kind = PNDM if about["sampler"] == "plms" else DDIM
        scheduler = kind(steps=about["S"], grid="compvis", final="first")
        denoiser = Prompted(predictor, predictor.condition(""))
        latent, image = run(predictor, denoiser, scheduler, case, x["x_T"], conditioning=Conditioning(channels))
        case.check(f"{name}/latent", latent)
        case.check(f"{name}/image", image)


# ---- InstructPix2Pix

PIX2PIX = {
    "euler_a_8": EulerAncestral(steps=8, grid="linspace-fractional"),
    "euler_a_6_low": EulerAncestral(steps=6, grid="linspace-fractional"),
    "euler_8": Euler(steps=8, grid="linspace-fractional"),
    "dpmpp_2m_karras_8": DPMpp(steps=8, grid="karras", order=2),
}


@pytest.mark.parametrize("name", PIX2PIX)
def test_instruct_pix2pix(cases, name, tmp_path) -> None:
    case, scheduler = cases["ip_a_instruct_pix2pix"], PIX2PIX[name]
    x, about = case.inputs, case.runs[name]
    predictor = without_files(case, tmp_path, "image")
    channels = seen("image", predictor.autoencoder, x["image"], None)
    case.check(f"{name}/image_latent", channels)
    conditions = [Condition(key, {"context": x[key]}) for key in ("text", "null_text")]
    denoiser = Dual(text=about["text"], image=about["image"]).denoiser(predictor, *conditions)
    alpha = 1 / math.sqrt(5)
    two = NoiseLevel(0, predictor.schedule.time_of(2.0), alpha, 2 * alpha)
    with torch.no_grad():
        clean = denoiser(torch.cat((2 * alpha * x["z"], channels), 1), two).clean
    case.check(f"{name}/denoised_sigma2", clean)
    plan = scheduler.plan(predictor.schedule)
    case.check(f"{name}/sigmas", torch.tensor([level.ratio for level in plan.levels]))
    case.check(f"{name}/timesteps_of_sigmas", torch.tensor([level.t for level in plan.levels[:-1]]))
    start = x["draws"][0] * plan.levels[0].sigma
    conditioning = Conditioning(channels)
    latent, image = run(
        predictor, denoiser, scheduler, case, start, conditioning=conditioning, draws=iter(x["draws"][1:])
    )
    case.check(f"{name}/latent", latent)
    case.check(f"{name}/decoded", image)
