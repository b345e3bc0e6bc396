"""Anagrams and inpainting by the original programs and by our engine, on the same network, in seconds of the processor.

    PYTHONPATH=visual_anagrams:RePaint python benchmarks/originals.py

with both repositories checked out, and torchvision installed, which the first imports. Of each their own loop is run,
as it is: `sample_stage_1` and `p_sample_loop`. The network is the embedded one of 64 pixels, wrapped so that it says
something of the variance, as theirs do. Turns of both alternate in one process; the ratio is the median of those of the
turns, for each call of the network. Then the same with a network that costs nothing: what the programs themselves take;
and with one of the size that people have: DDPM's of CIFAR-10, 36 million parameters, of random weights.
"""

from __future__ import annotations

import statistics
import time
import types
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import diffusers
import numpy as np
import torch
from torch import Tensor

import superpose
from superpose import NoiseLevel, Prediction, TableSchedule
from superpose_constraints.inpaint import Replacement
from superpose_networks import UNet2D, UNet2DConfig

STEPS, SCALE, REPEATS = 6, 7.0, 3


class Network(superpose.NoisePredictor):
    """A network with a variance of zeros, which counts its calls.

    Arguments:
        schedule: Its noise levels; those of the embedded one where none are given.
        kind: ``embedded``, ``free`` of costs, or as ``ddpm``'s.
    """

    learned_variance = "learned_range"

    def __init__(self, schedule: superpose.Schedule | None = None, *, kind: str) -> None:
        self.inner, self.kind, self.calls = superpose.model("pictograms"), kind, 0
        self.schedule, self.shape = schedule or self.inner.schedule, self.inner.shape
        self.parameterization = self.inner.parameterization if schedule is None else "epsilon"
        self.clip, self.device = superpose.StaticClip(), self.inner.device
        self._said: dict[torch.Size, Tensor] = {}
        self._large = large() if kind == "ddpm" else None

    def condition(self, prompt: str) -> superpose.Condition:
        return self.inner.condition(prompt)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        self.calls += 1
        if self._large is not None:
            output = self._large(x, torch.full((len(x),), level.t))
        elif self.kind == "embedded":
            output = self.inner.predict(x, level, conditioning).output
        elif (output := self._said.get(x.shape)) is None:
            output = self._said[x.shape] = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
        return Prediction(output, torch.zeros_like(output))

    def said(self, x: Tensor, t: float, conditioning: Mapping[str, Tensor]) -> Tensor:
        """Output and variance as one tensor, as the originals want it."""
        return torch.cat(self.predict(x, NoiseLevel(0, t, *self.schedule.at(t)), conditioning), 1)  # type: ignore[arg-type]


def large() -> UNet2D:
    """The network of DDPM's experiments on CIFAR-10, for any size; its weights say nothing."""
    torch.manual_seed(0)
    config = {
        "sample_size": 64,
        "in_channels": 3,
        "out_channels": 3,
        "layers_per_block": 2,
        "block_out_channels": [128, 256, 256, 256],
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
    }
    return UNet2D(UNet2DConfig.from_mapping(config))


class Flip:
    """A view in their form."""

    def view(self, image: Tensor) -> Tensor:
        return torch.flip(image, [1])

    inverse_view = view


class Same(Flip):
    def view(self, image: Tensor) -> Tensor:
        return image

    inverse_view = view


def anagram(network: Network) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """An anagram of two prompts with guidance, by both."""
    samplers = import_module("visual_anagrams.samplers")
    samplers.tqdm = iter  # type: ignore[attr-defined]  # nothing is printed
    on_cpu = vars(torch) | {"device": lambda _: torch.device("cpu")}
    samplers.torch = types.SimpleNamespace(**on_cpu)  # type: ignore[attr-defined]  # it names a GPU
    prompts = "solid house", "solid heart"
    given = network.gather([network.condition(prompt) for prompt in ("", "", *prompts)])

    def unet(x: Tensor, t: Tensor, **_: Any) -> tuple[Tensor]:
        return (network.said(x, float(t), given),)

    unet.config = types.SimpleNamespace(sample_size=64, in_channels=3)  # type: ignore[attr-defined]
    model = types.SimpleNamespace(
        unet=unet,
        scheduler=diffusers.DDPMScheduler(
            beta_schedule="squaredcos_cap_v2", prediction_type="sample", variance_type="learned_range"
        ),
        prepare_intermediate_images=lambda *shape_and_more: torch.randn(shape_and_more[:4]),
    )
    told = torch.zeros(2, 1)

    def theirs() -> None:
        samplers.sample_stage_1(model, told, told, [Same(), Flip()], num_inference_steps=STEPS, guidance_scale=SCALE)

    guidance, nothing = superpose.make("guidance", "cfg", scale=SCALE), network.condition("")
    shown = zip(("identity", "flip"), prompts, strict=True)
    denoiser = superpose.viewed(
        (superpose.make("view", kind), guidance.denoiser(network, network.condition(prompt), nothing))
        for kind, prompt in shown
    )
    return superpose.trajectory(
        denoiser, superpose.make("scheduler", "ddpm", steps=STEPS), network, samples=1, batch_size=4
    ).run, theirs


def inpainting(network: Network) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The half of an image, each level several times, by both."""
    theirs_of, respace = (import_module(f"guided_diffusion.{name}") for name in ("gaussian_diffusion", "respace"))

    class Settings(dict[str, Any]):
        schedule_jump_params = types.MappingProxyType(
            {"t_T": STEPS, "n_sample": 1, "jump_length": 1, "jump_n_sample": REPEATS}
        )
        inpa_inj_sched_prev, inpa_inj_sched_prev_cumnoise = True, False

        def pget(self, key: str, default: Any = None) -> Any:
            return self.get(key, default)

        def __getattr__(self, name: str) -> None:
            return None

    settings = Settings()
    diffusion = respace.SpacedDiffusion(
        use_timesteps=respace.space_timesteps(1000, str(STEPS)),
        betas=np.linspace(1e-4, 0.02, 1000),
        model_mean_type=theirs_of.ModelMeanType.EPSILON,
        model_var_type=theirs_of.ModelVarType.LEARNED_RANGE,
        loss_type=None,
        rescale_timesteps=False,
        conf=settings,
    )
    known = torch.rand(network.shape, generator=torch.Generator().manual_seed(1)) * 2 - 1
    keep = torch.zeros(1, *network.shape[1:])
    keep[..., :32] = 1
    given = network.gather([network.condition("")])

    def theirs() -> None:
        diffusion.p_sample_loop(
            lambda x, t, **_: network.said(x, float(t[0]), given),
            (1, *network.shape),
            model_kwargs={"gt": known[None], "gt_keep_mask": keep[None]},
            device=torch.device("cpu"),
            progress=False,
            conf=settings,
        )

    rule = Replacement(known=known, keep=keep, repeats=REPEATS)
    scheduler = superpose.make("scheduler", "ddpm", steps=STEPS, grid="openai")
    prompted = superpose.prompted(network, "")
    return superpose.trajectory(prompted, scheduler, network, samples=1, batch_size=1, constraints=[rule]).run, theirs


def seconds(network: Network, run: Callable[[], Any]) -> float:
    """Seconds of the processor for each call of the network."""
    network.calls, began = 0, time.process_time()
    run()
    return (time.process_time() - began) / network.calls


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print("| method | network | ours / the original | of ours, ms a call |\n|---|---|---|---|")
    for method in (anagram, inpainting):
        for kind, turns in (("embedded", 9), ("free", 25), ("ddpm", 7)):
            network = Network(TableSchedule.named("linear") if method is inpainting else None, kind=kind)
            ours, theirs = method(network)
            for run in (ours, theirs):
                run()
            # Who begins changes from turn to turn.
            both = [
                (seconds(network, ours), seconds(network, theirs))
                if turn % 2
                else (seconds(network, theirs), seconds(network, ours))[::-1]
                for turn in range(turns)
            ]
            ratio = statistics.median(mine / other for mine, other in both)
            took = 1000 * statistics.median(mine for mine, _ in both)
            print(f"| {method.__name__} | {kind} | {ratio:.2f} | {took:.2f} |", flush=True)


if __name__ == "__main__":
    main()
