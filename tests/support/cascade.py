"""Stages of a cascade on recorded checkpoints, with recorded texts and recorded noise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from safetensors.torch import load_file
from torch import Tensor

from superpose import Clipped, Denoiser, NoisePredictor, Scheduler, Trajectory
from superpose_deepfloyd.embeddings import write

FIXTURES = Path(__file__).parent.parent / "fixtures"
#: Texts that a small text encoder is made of and asked about.
LINES = ["a painting of a cat", "an oil painting of a dog in the snow", "a lithograph of waterfalls"]


@attrs.frozen(eq=False)
class Recorded:
    """A noise source that gives out recorded draws: the first at the start, then one a step.

    Attributes:
        draws: In that order.
        conditioning: What is put on a small image; drawn once.
    """

    draws: Sequence[Tensor]
    conditioning: Tensor | None = None

    def draw(self, step: int, purpose: str = "step") -> Tensor:
        if purpose.startswith("beside"):
            assert self.conditioning is not None, "a first stage has nothing beside its states"
            return self.conditioning
        return self.draws[step + 1]


@attrs.frozen
class Case:
    """A recorded case."""

    name: str

    @property
    def about(self) -> dict[str, Any]:
        about: dict[str, Any] = json.loads((FIXTURES / self.name / "case.json").read_text())
        return about

    @property
    def inputs(self) -> dict[str, Tensor]:
        return load_file(FIXTURES / self.name / "inputs.safetensors")

    def agree(self, output: str, got: Tensor) -> None:
        """Within the tolerance that the case states."""
        want = load_file(FIXTURES / self.name / "outputs.safetensors")[output]
        stated = self.about["outputs"][output]
        torch.testing.assert_close(got, want, atol=stated["atol"], rtol=stated["rtol"])


def texts(path: Path, negative: Tensor, *prompts: Tensor) -> Path:
    """A file of texts, each of shape (tokens, width): "" and "prompt 0", "prompt 1", ..."""
    states = torch.stack((negative, *prompts))
    write(path, ["", *(f"prompt {i}" for i in range(len(prompts)))], states, torch.ones(states.shape[:2]))
    return path


def sampled(
    predictor: NoisePredictor, denoiser: Denoiser, scheduler: Scheduler, noise: Recorded, low: Tensor | None = None
) -> Tensor:
    """The images of a run over the small images ``low``, clipped as the predictor says."""
    assert predictor.clip is not None
    plan = scheduler.plan(predictor.schedule)
    conditioning = predictor.conditioning(low, lambda purpose="step": noise.draw(-1, f"beside:{purpose}"))
    clipped = Clipped(denoiser, predictor.clip)
    return Trajectory(clipped, scheduler, plan, noise, predictor=predictor, conditioning=conditioning).run()
