"""Errors of methods where the truth is known in closed form, beside azula's and diffusers' on the same problem.

python benchmarks/closed_form.py

Images are jointly Gaussian, 4x4, and every program asks the exact denoiser, from the same noise, at the noise levels of
DDPM. Without azula or diffusers installed their columns are empty.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from superpose import NoiseLevel, Scheduler, Trajectory, composed, make, prompted
from superpose.testing.gaussian import BatchNoise, GaussianImages, distance
from superpose.testing.predictors import GaussianPredictor
from superpose_constraints.freeze import Frozen, FrozenAnew
from superpose_constraints.inpaint import Replacement

SAMPLES = 4000
IMAGES = GaussianImages((1, 4, 4), std=0.5, length=3.0)
NOISE = BatchNoise((SAMPLES, *IMAGES.shape))
NONE = "not installed"

#: Ours, with the classes of diffusers and azula and what they are told; None where there is no such method.
FLOWS: tuple[tuple[str, dict[str, Any], tuple[str, dict[str, Any]] | None, tuple[str, dict[str, Any]] | None], ...] = (
    ("ddim", {}, ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": True}), ("DDIMSampler", {})),
    ("euler", {}, ("EulerDiscreteScheduler", {}), ("EulerSampler", {})),
    ("heun", {}, ("HeunDiscreteScheduler", {}), ("HeunSampler", {})),
    ("dpmpp", {"order": 2}, ("DPMSolverMultistepScheduler", {"solver_order": 2}), None),
    ("unipc", {"order": 2}, ("UniPCMultistepScheduler", {"solver_order": 2}), None),
    ("lms", {}, ("LMSDiscreteScheduler", {}), ("zABSampler", {"order": 4})),
)
#: What images are painted with of which a part is given, and the steps it takes.
CONDITIONERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ddpm", {}),
    ("ddpm", {"variance": "fixed_large"}),
    ("ddim", {}),
)
STEPS = 250
CHANCE = (("ddpm", {}, ("DDPMScheduler", {"clip_sample": False, "variance_type": "fixed_small"}), ("DDPMSampler", {})),)


def exact_flow(x: Tensor, first: NoiseLevel) -> Tensor:
    """Clean end of the probability flow from ``x``."""
    gain = (IMAGES.values / (first.alpha**2 * IMAGES.values + first.sigma**2)).sqrt()
    off = x.double().flatten(1) - first.alpha * IMAGES.mean
    return (IMAGES.mean + (off @ IMAGES.vectors * gain) @ IMAGES.vectors.T).view(x.shape)


def start() -> Tensor:
    """The noise that every run starts from."""
    scheduler = make("scheduler", "ddim", steps=10)
    plan = scheduler.plan(IMAGES.schedule)
    return Trajectory(prompted(IMAGES, ""), scheduler, plan, NOISE).start().x / plan.levels[0].prior


def clean(x: Tensor, alpha: float, sigma: float) -> Tensor:
    """The exact clean image."""
    return IMAGES.predict(x, NoiseLevel(0, 0.0, alpha, sigma), {}).output


def ours(kind: str, options: dict[str, Any], steps: int) -> Tensor:
    scheduler = make("scheduler", kind, steps=steps, **options)
    return Trajectory(prompted(IMAGES, ""), scheduler, scheduler.plan(IMAGES.schedule), NOISE).run()


def of_diffusers(name: str, options: dict[str, Any], steps: int) -> Tensor:
    betas = {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear", "timestep_spacing": "trailing"}
    scheduler = getattr(import_module("diffusers"), name)(**betas, **options)
    scheduler.set_timesteps(steps)
    x = start().double() * scheduler.init_noise_sigma
    kept, generator = scheduler.alphas_cumprod.double(), torch.Generator().manual_seed(0)
    for t in scheduler.timesteps:
        seen = scheduler.scale_model_input(x, t)
        alpha, sigma = math.sqrt(kept[int(t)]), math.sqrt(1 - kept[int(t)])
        epsilon = (seen - alpha * clean(seen, alpha, sigma)) / sigma
        more = {"generator": generator} if "DDPM" in name else {}
        x = scheduler.step(epsilon, t, x, **more).prev_sample
    return x


def of_azula(name: str, options: dict[str, Any], steps: int) -> Tensor:
    torch.manual_seed(0)
    sampler = getattr(import_module("azula.sample"), name)(_azula_denoiser(), steps=steps, silent=True, **options)
    return sampler(start().double())


def _azula_denoiser() -> Any:
    """The same denoiser and the same levels as one of azula's: time 1 is 999, time 0 the clean image."""
    from azula.denoise import Denoiser, DiracPosterior  # the programs beside which we stand need not be there

    levels = [IMAGES.schedule.at(float(t)) for t in range(1000)]
    ratios = torch.tensor([-9.0, *(math.log(sigma / alpha) for alpha, sigma in levels)], dtype=torch.float64)

    class Exact(Denoiser):
        def schedule(self, t: Tensor) -> tuple[Tensor, Tensor]:
            place = t.double() * 1000
            low = place.floor().clamp(0, 999).long()
            ratio = (ratios[low] + (place - low) * (ratios[low + 1] - ratios[low])).exp()
            alpha = 1 / (1 + ratio**2).sqrt()
            return alpha, ratio * alpha

        def forward(self, x_t: Tensor, t: Tensor) -> Any:
            return DiracPosterior(clean(x_t, *map(float, self.schedule(t))))

    return Exact()


def shown(measure: Callable[[Tensor], float], run: Callable[..., Tensor], *told: Any) -> str:
    """A figure; what is not installed says so."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f"{measure(run(*told)):.2g}"
    except ImportError:
        return NONE


def off_the_flow(images: Tensor) -> float:
    """Root mean square distance from the exact end of the flow, as a share of the spread of images."""
    first = make("scheduler", "ddim", steps=10).plan(IMAGES.schedule).levels[0]
    want = exact_flow(start() * first.prior, first)
    return float((images.double() - want).square().mean().sqrt() / 0.5)


def off_the_truth(images: Tensor) -> float:
    """Wasserstein distance from the exact distribution, as a share of its spread."""
    return distance(images.flatten(1), IMAGES.mean, IMAGES.covariance)


def table(rows: Any, steps: tuple[int, ...], measure: Callable[[Tensor], float]) -> None:
    print("| method | steps | superpose | diffusers | azula |\n|---|---|---|---|---|")
    for kind, options, theirs, azulas in rows:
        for count in steps:
            cells = [shown(measure, ours, kind, options, count)]
            cells.append(shown(measure, of_diffusers, *theirs, count) if theirs else "-")
            cells.append(shown(measure, of_azula, *azulas, count) if azulas else "-")
            print(f"| `{kind}` | {count} |", *(f"{cell} |" for cell in cells), flush=True)


def compositions() -> None:
    """Guidance and composition of Gaussians of one variance: their product is one, shifted."""
    means = {"a": 0.4, "b": -0.3, "c": 0.8, "": 0.1}
    network = GaussianPredictor((1, 4, 4), std=0.5, means=means)
    told = {name: prompted(network, name) for name in means}
    weights = {"`cfg`, scale 3": {"a": 3.0}, "`and` a, b, `not` c": {"a": 1.5, "b": 0.8, "c": -0.6}}
    print("| composition | exact mean | mean, 50 steps | deviation of 0.5, 50 steps |\n|---|---|---|---|")
    for name, shares in weights.items():
        mix = composed([(told[prompt], share) for prompt, share in shares.items()], told[""])
        want = means[""] + sum(share * (means[prompt] - means[""]) for prompt, share in shares.items())
        scheduler = make("scheduler", "dpmpp", steps=50)
        got = Trajectory(mix, scheduler, scheduler.plan(network.schedule), NOISE).run()
        print(f"| {name} | {want:.3f} | {float(got.mean()):.3f} | {float(got.std()):.3f} |")


def conditioning() -> None:
    """Parts of an image that are given, against the exact conditional distribution of the rest."""
    keep = torch.zeros(1, 4, 4)
    keep[..., :2] = 1
    known = torch.tensor([0.9, 0.7, 0.0, 0.0]).expand(1, 4, 4)
    exact = IMAGES.given(known, keep)

    def inpainted(repeats: int, scheduler: Scheduler) -> Tensor:
        rule = Replacement(known=known, keep=keep, repeats=repeats)
        plan = rule.plan(scheduler.plan(IMAGES.schedule))
        return Trajectory(prompted(IMAGES, ""), scheduler, plan, NOISE, [rule]).run()

    def by_diffusers(steps: int, repeats: int, eta: float) -> Tensor:
        scheduler = import_module("diffusers").RePaintScheduler(clip_sample=False, eta=eta)
        scheduler.set_timesteps(steps, 1, repeats)
        generator = torch.Generator().manual_seed(0)
        x, before = torch.randn(SAMPLES, 1, 4, 4, generator=generator), scheduler.timesteps[0] + 1
        for t in scheduler.timesteps:
            if t < before:
                kept = float(scheduler.alphas_cumprod[t])
                epsilon = (x - math.sqrt(kept) * clean(x, math.sqrt(kept), math.sqrt(1 - kept))) / math.sqrt(1 - kept)
                x = scheduler.step(epsilon, t, x, known[None], keep[None], generator).prev_sample
            else:
                x = scheduler.undo_step(x, before, generator)
            before = t
        return x

    def by_azula(steps: int, repeats: int, eta: float) -> Tensor:
        torch.manual_seed(0)
        cls = import_module("azula.guidance.repaint").RePaintSampler
        told = {"eta": eta, "iterations": repeats, "steps": steps, "silent": True}
        sampler = cls(_azula_denoiser(), known[None].expand(SAMPLES, -1, -1, -1).double(), keep[None] > 0, **told)
        return sampler(torch.randn(SAMPLES, 1, 4, 4, dtype=torch.float64))

    def off(images: Tensor) -> float:
        return distance(images[..., 2:].flatten(1), *exact)

    print("| repeats of a level | steps by | superpose `inpaint` | diffusers' RePaint | azula's RePaint |")
    print("|---|---|---|---|---|")
    for repeats in (1, 3, 10):
        for kind, told in CONDITIONERS:
            eta = 0.0 if kind == "ddim" else 1.0
            cells = [shown(off, inpainted, repeats, make("scheduler", kind, steps=STEPS, **told))]
            same = told.get("variance") != "fixed_large"  # theirs has the small one
            cells += [shown(off, run, STEPS, repeats, eta) if same else "-" for run in (by_diffusers, by_azula)]
            name = f"`{kind}`" + "".join(f", `{key} = {value!r}`" for key, value in told.items())
            print(f"| {repeats} | {name} |", *(f"{cell} |" for cell in cells), flush=True)


def exact_of_part(part: Callable[[Tensor], Tensor], known: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance of images of which one linear part is known, the rest being as ever."""
    basis = torch.eye(known.numel(), dtype=torch.float64).view(-1, 1, *known.shape)
    measured = torch.stack([part(one).flatten() for one in basis], 1)
    seen = measured @ IMAGES.covariance
    gain = seen.T @ torch.linalg.pinv(seen @ measured.T)
    mean = IMAGES.mean + gain @ measured @ (known.double().flatten() - IMAGES.mean)
    return mean, IMAGES.covariance - gain @ seen


def frozen(rule: type[Frozen | FrozenAnew], scheduler: Scheduler) -> float:
    """Error of images whose coarse mosaic is frozen to that of one that was drawn."""
    part = make("decomposition", "haar", bands=2).part("band-0")
    known = 0.1 + 0.5 * torch.randn(IMAGES.shape, generator=torch.Generator().manual_seed(5))
    trajectory = Trajectory(
        prompted(IMAGES, ""), scheduler, scheduler.plan(IMAGES.schedule), NOISE, [rule(known=known, part=part)]
    )
    return distance(trajectory.run().flatten(1), *exact_of_part(part, known))


def freezing() -> None:
    """A part of an image that is given, against the exact conditional distribution of the whole."""
    print("| steps by | `freeze` | `freeze` with `noise = 'fresh'` |\n|---|---|---|")
    for kind, told in CONDITIONERS:
        scheduler = make("scheduler", kind, steps=STEPS, **told)
        name = f"`{kind}`" + "".join(f", `{key} = {value!r}`" for key, value in told.items())
        print(f"| {name} |", *(f"{frozen(rule, scheduler):.2g} |" for rule in (Frozen, FrozenAnew)), flush=True)


def main() -> None:
    """Print the tables of docs/methods.md."""
    torch.set_num_threads(1)
    print(f"Chance alone: {off_the_truth(exact_flow(start(), NoiseLevel(0, 0.0, 0.0, 1.0))):.2g}\n")
    table(FLOWS, (10, 20, 50), off_the_flow)
    print()
    table(CHANCE, (50, 250, 1000), off_the_truth)
    print()
    compositions()
    print()
    conditioning()
    print()
    freezing()


if __name__ == "__main__":
    main()
