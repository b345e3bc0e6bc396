"""Network blocks that several model families share: what a plugin builds its networks from."""

from superpose.nn.activation import ACTIVATIONS, Activation
from superpose.nn.attention import AttentionBlock
from superpose.nn.config import UNet2DConfig
from superpose.nn.embedding import TimeEmbedding, TimeProjections, sinusoid
from superpose.nn.loading import assign, load_unet2d, read_weights
from superpose.nn.resampling import Downsample, Upsample
from superpose.nn.residual import ResidualBlock
from superpose.nn.unet2d import UNet2D

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "AttentionBlock",
    "Downsample",
    "ResidualBlock",
    "TimeEmbedding",
    "TimeProjections",
    "UNet2D",
    "UNet2DConfig",
    "Upsample",
    "assign",
    "load_unet2d",
    "read_weights",
    "sinusoid",
]
