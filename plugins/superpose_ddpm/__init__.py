"""Pixel models people have: folders of diffusers, files of OpenAI's guided-diffusion, checkpoints of DDPM's port."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Classifier, Model, hookimpl
from superpose_ddpm.classifier import GuidedDiffusionClassifier
from superpose_ddpm.folder import DDPMFolder
from superpose_ddpm.guided_diffusion import GuidedDiffusion, GuidedDiffusionUpscaler


@hookimpl
def register_models(register: Callable[[type[Model]], type[Model]]) -> None:
    """Register the families of pixel models."""
    for model in (DDPMFolder, GuidedDiffusion, GuidedDiffusionUpscaler):
        register(model)


@hookimpl
def register_classifiers(register: Callable[[type[Classifier]], type[Classifier]]) -> None:
    """Register the noisy classifier of guided-diffusion."""
    register(GuidedDiffusionClassifier)
