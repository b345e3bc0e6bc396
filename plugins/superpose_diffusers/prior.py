r"""unCLIP's prior (arXiv 2204.06125): it draws the embedding of an image from words.

A diffusion of its own, over vectors: from a sample's noise it goes down the levels of its scheduler, guided by

.. math:: f = f_\emptyset + s\,(f_\text{words} - f_\emptyset)

where f is the clean embedding that a transformer sees. Each sample has an embedding of its own of each prompt, a
function of the sample's noise and the prompt's words alone. It is drawn when the network is first asked about both, and
remembered.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from superpose import RecipeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose_diffusers.folder import PipelineFolder
    from superpose_diffusers.pipeline import PriorPipeline

#: Schedulers of priors. Others may remember steps, or draw what no generator is asked for.
UNCLIP, DDPM = SCHEDULERS = ("UnCLIPScheduler", "DDPMScheduler")
#: Steps and guidance where a recipe says none: those of diffusers' pipeline.
STEPS, SCALE = 25, 4.0
#: Embeddings that are remembered, at most.
KEPT = 4096


def known(folder: PipelineFolder) -> None:
    """Refuse a prior whose scheduler is another.

    Raises:
        RecipeError: It is; says which.
    """
    if (kind := folder.parts["prior_scheduler"]) not in SCHEDULERS:
        raise RecipeError(
            f"{folder.path}: its prior_scheduler is a {kind}; the bridge knows {' and '.join(SCHEDULERS)}"
        )


@attrs.frozen(eq=False)
class Prior:
    """The prior of a pipeline.

    Attributes:
        pipeline: Its parts.
        steps: Of its own scheduler.
        scale: Of its own guidance; at most 1 for none.
        alone: Prompts that are words and no image.
    """

    pipeline: PriorPipeline
    steps: int
    scale: float
    alone: frozenset[str]
    _drawn: OrderedDict[bytes, Tensor] = attrs.field(factory=OrderedDict, init=False, repr=False)

    def words(self, prompt: str) -> dict[str, Tensor]:
        """Tensors of a prompt, one row each, that its embedding is drawn from: its own after those of none."""
        import torch

        pooled, states, mask = self.pipeline._encode_prior_prompt(prompt, self.pipeline.device, 1, True)
        digest = hashlib.blake2b(prompt.encode(), digest_size=16).digest()
        name = [int.from_bytes(half, "little", signed=True) for half in (digest[:8], digest[8:])]
        return {
            "prior_pooled": pooled[None],
            "prior_states": states[None],
            "prior_mask": mask[None],
            "prior_name": torch.tensor([name]),
            "prior_share": torch.full((1, 1), float(prompt not in self.alone)),
        }

    def told(self, conditioning: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Conditioning of the network, with the embedding of each row instead of what it is drawn from."""
        import torch

        told = {name: value for name, value in conditioning.items() if not name.startswith("prior_")}
        share, start = conditioning["prior_share"], conditioning.get("prior_start")
        told["image_share"] = share
        if start is None:  # then none may have a share: the network says so
            return told
        embedded = []
        for row, (mine, zeros) in enumerate(zip(share.flatten().tolist(), told["image_embeds"], strict=True)):
            embedded.append(self._embedding({it: value[row] for it, value in conditioning.items()}) if mine else zeros)
        told["image_embeds"] = torch.stack(embedded)
        return told

    def _embedding(self, row: Mapping[str, Tensor]) -> Tensor:
        """The embedding of one sample and prompt, shape (D,)."""
        start, name = (row[it].cpu().contiguous() for it in ("prior_start", "prior_name"))
        key = hashlib.blake2b(start.numpy().tobytes() + name.numpy().tobytes()).digest()
        if key not in self._drawn:
            self._drawn[key] = self._draw(row, start)
            if len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        self._drawn.move_to_end(key)
        return self._drawn[key]

    def _draw(self, row: Mapping[str, Tensor], start: Tensor) -> Tensor:
        """Go down the levels, a sample by itself: its bits do not depend on who is beside it."""
        import torch

        prior, scheduler = self.pipeline.prior, self.pipeline.prior_scheduler
        guided = slice(None) if self.scale > 1 else slice(1, None)
        words = {
            "proj_embedding": row["prior_pooled"][guided],
            "encoder_hidden_states": row["prior_states"][guided],
            "attention_mask": row["prior_mask"][guided],
        }
        generator = _generator(start)
        scheduler.set_timesteps(self.steps, device=prior.device)
        times = scheduler.timesteps
        with torch.no_grad():
            x = start[None].to(row["prior_pooled"])
            for i, t in enumerate(times):
                seen = scheduler.scale_model_input(x.expand(len(words["attention_mask"]), -1), t)
                clean = prior(seen, timestep=t, **words).predicted_image_embedding
                if self.scale > 1:
                    none, said = clean.chunk(2)
                    clean = none + self.scale * (said - none)
                x = scheduler.step(clean, t, x, generator=generator, return_dict=False, **_next(scheduler, times, i))[0]
            embedding: Tensor = prior.post_process_latents(x)[0]
        return embedding


def _next(scheduler: Any, times: Tensor, i: int) -> dict[str, object]:
    """The time that UnCLIPScheduler goes to: it would go to the one just below, however many steps there are."""
    if type(scheduler).__name__ != UNCLIP:
        return {}
    return {"prev_timestep": times[i + 1] if i + 1 < len(times) else None}


def _generator(start: Tensor) -> torch.Generator:
    """A generator of the noise of the steps: a function of the noise that a sample starts from."""
    import torch

    digest = hashlib.blake2b(start.numpy().tobytes(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
