"""The pipelines of diffusers and their denoisers, as far as the bridge uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Network(Protocol):
    """As much of a denoiser of diffusers as is used."""

    config: Any
    use_additional_conditions: bool

    def __call__(self, *asked: object, **told: object) -> tuple[Tensor, ...]:
        """Its answer, first of a tuple."""


class Pipeline(Protocol):
    """As much of the pipelines of diffusers as is used; each has what its own convention asks for."""

    config: Any
    device: torch.device
    unet: Network
    transformer: Network
    feature_extractor: Any
    image_encoder: Any
    image_normalizer: Any

    def encode_prompt(self, **asked: object) -> tuple[Any, ...]:
        """Encode one prompt."""

    def get_guidance_scale_embedding(self, w: Tensor, embedding_dim: int) -> Tensor:
        """Features of a scale of guidance."""


class PriorPipeline(Protocol):
    """As much of a pipeline with unCLIP's prior as is used beside that."""

    device: torch.device
    prior: Any
    prior_scheduler: Any

    def _encode_prior_prompt(self, *asked: object) -> tuple[Tensor, Tensor, Tensor]:
        """Encode one prompt for a prior, after none: pooled, by token, and which tokens there are."""
