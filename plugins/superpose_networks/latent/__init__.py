"""The networks of latent diffusion, and how published files describe them: first stages, U-Nets, text encoders.

Everything is known from shapes and configurations before a weight is read: a layout makes a shape, a shape makes a
network, and a table of names makes a file's tensors its weights.
"""

from superpose_networks.latent.autoencoder import Autoencoder, AutoencoderShape
from superpose_networks.latent.autoencoder_layout import (
    compvis_autoencoder,
    compvis_autoencoder_names,
    diffusers_autoencoder,
)
from superpose_networks.latent.averaged_names import dotted
from superpose_networks.latent.dit import DiT, DiTConfig
from superpose_networks.latent.dit_layout import diffusers_dit, paper_dit, paper_dit_names
from superpose_networks.latent.settings import per_level, settings
from superpose_networks.latent.text import TextEncoder, TextShape
from superpose_networks.latent.text_layout import clip_config, text_layout, text_names, text_shape
from superpose_networks.latent.unet import Attends, LatentUNet, UNetShape
from superpose_networks.latent.unet_layout import compvis_unet, compvis_unet_names, diffusers_unet

__all__ = [
    "Attends",
    "Autoencoder",
    "AutoencoderShape",
    "DiT",
    "DiTConfig",
    "LatentUNet",
    "TextEncoder",
    "TextShape",
    "UNetShape",
    "clip_config",
    "compvis_autoencoder",
    "compvis_autoencoder_names",
    "compvis_unet",
    "compvis_unet_names",
    "diffusers_autoencoder",
    "diffusers_dit",
    "diffusers_unet",
    "dotted",
    "paper_dit",
    "paper_dit_names",
    "per_level",
    "settings",
    "text_layout",
    "text_names",
    "text_shape",
]
