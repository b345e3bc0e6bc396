"""OpenAI's guided-diffusion: its models, its upscalers and its classifiers of noisy images."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Classifier, Model, hookimpl
from superpose_adm.classifier import GuidedDiffusionClassifier
from superpose_adm.model import GuidedDiffusion, GuidedDiffusionUpscaler


@hookimpl
def register_models(register: Callable[[type[Model]], type[Model]]) -> None:
    """Register models and upscalers."""
    for model in (GuidedDiffusion, GuidedDiffusionUpscaler):
        register(model)


@hookimpl
def register_classifiers(register: Callable[[type[Classifier]], type[Classifier]]) -> None:
    """Register the noisy classifier."""
    register(GuidedDiffusionClassifier)
