"""An anagram by our engine and by the loop of visual_anagrams, on the same network, prompts and scheduler.

    python benchmarks/anagram.py

The loop is theirs, restated line by line: views one by one, one batch of all prompts, inverse views one by one,
guidance, mean, a step of diffusers' DDPM. Both ask the network the same rows in one forward pass a step; the ratio is
that of the medians of turns in one process.
"""

from __future__ import annotations

import statistics
import time

import torch
from diffusers import DDPMScheduler
from torch import Tensor

import superpose

STEPS, TURNS, SCALE = 20, 9, 5.0
PROMPTS = ("A", "V")


class Original:
    """Their loop (``visual_anagrams/samplers.py``), for a network of any parameterization."""

    def __init__(self, model: superpose.NoisePredictor, views: list[superpose.View]) -> None:
        self.model, self.views = model, views
        self.scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")
        self.told = [model.condition(prompt) for prompt in ("", "", *PROMPTS)]

    @torch.no_grad()
    def run(self, samples: int) -> Tensor:
        """Images, by their order of work."""
        self.scheduler.set_timesteps(STEPS)
        x = torch.randn(samples, *self.model.shape)
        given = self.model.gather([told for told in self.told for _ in range(samples)])
        for i, t in enumerate(self.scheduler.timesteps):
            seen = torch.cat([view.apply(x) for view in self.views])
            alpha, sigma = self.model.schedule.at(float(t))
            level = superpose.NoiseLevel(i, float(t), alpha, sigma)
            answer = self.model.predict(torch.cat([seen, seen]), level, given).output
            parts = [part.chunk(len(self.views)) for part in answer.chunk(2)]
            inverted = [
                torch.stack([view.invert(each) for view, each in zip(self.views, half, strict=True)]) for half in parts
            ]
            mixed = (inverted[0] + SCALE * (inverted[1] - inverted[0])).mean(0)
            x = self.scheduler.step(mixed, t, x).prev_sample
        return x


def main() -> None:
    """Print the table."""
    model = superpose.model("glyphs")
    views = [superpose.make("view", "identity"), superpose.make("view", "rotate", degrees=180)]
    guidance = superpose.make("guidance", "cfg", scale=SCALE)
    nothing = model.condition("")
    told = [guidance.denoiser(model, model.condition(prompt), nothing) for prompt in PROMPTS]
    scheduler = superpose.make("scheduler", "ddpm", steps=STEPS)
    theirs = Original(model, views)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {STEPS} steps, medians of {TURNS} turns")
    print("| samples | ours / theirs |\n|---|---|")
    for samples in (1, 4):
        mix = superpose.viewed(zip(views, told, strict=True))
        ours = superpose.trajectory(mix, scheduler, model, samples=samples, batch_size=4 * samples)
        taken: dict[str, list[float]] = {"ours": [], "theirs": []}
        for turn in range(TURNS + 1):
            for name, run in (("ours", ours.run), ("theirs", lambda samples=samples: theirs.run(samples))):
                began = time.process_time()
                run()
                if turn:  # the first warms up
                    taken[name].append(time.process_time() - began)
        ratio = statistics.median(taken["ours"]) / statistics.median(taken["theirs"])
        print(f"| {samples} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
