"""Diffusion autoencoders: a semantic code and a stochastic one, in and out.

Plugins with autoencoders of their own build on the names here, most of which bring torch when they are first used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from superpose import Model, hookimpl
from superpose_diffae.model import CodedModel as CodedModel
from superpose_diffae.model import DiffusionAutoencoder
from superpose_diffae.model import betas as betas
from superpose_diffae.templates import BETAS as BETAS

if TYPE_CHECKING:
    from superpose_diffae.attributes import Classifier as Classifier
    from superpose_diffae.attributes import auroc as auroc
    from superpose_diffae.attributes import fit as fit
    from superpose_diffae.attributes import read_classifier as read_classifier
    from superpose_diffae.latent import LatentPredictor as LatentPredictor
    from superpose_diffae.predictor import Codes as Codes
    from superpose_diffae.predictor import Networks as Networks

_LATER = {
    **dict.fromkeys(("Classifier", "auroc", "fit", "read_classifier"), "attributes"),
    **dict.fromkeys(("Codes", "Networks"), "predictor"),
    "LatentPredictor": "latent",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"superpose_diffae has no public name {name!r}")
    return getattr(import_module(f"superpose_diffae.{_LATER[name]}"), name)


@hookimpl
def register_models(register: Callable[[type[Model]], type[Model]]) -> None:
    """Register the diffusion autoencoder."""
    register(DiffusionAutoencoder)
