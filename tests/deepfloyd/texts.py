"""Recorded texts as the files that recipes name."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from superpose_deepfloyd.embeddings import write

FIXTURES = Path(__file__).parent.parent / "fixtures"


def recorded(case: str) -> dict[str, torch.Tensor]:
    return load_file(FIXTURES / case / "inputs.safetensors")


def written(case: str, path: Path) -> Path:
    """The texts of a case as "prompt 0", "prompt 1", ... and, of its unconditional row 0, ""."""
    asked = recorded(case)
    states = torch.cat((asked["negative_prompt_embeds"][:1], asked["prompt_embeds"]))
    names = ["", *(f"prompt {i}" for i in range(len(asked["prompt_embeds"])))]
    write(path, names, states, torch.ones(states.shape[:2], dtype=torch.uint8))
    return path
