"""Network blocks that several model families share: what a plugin builds its networks from."""

from superpose.nn import rows
from superpose.nn.activation import ACTIVATIONS, Activation, silu_
from superpose.nn.attention import AttentionBlock
from superpose.nn.config import UNet2DConfig
from superpose.nn.embedding import TimeEmbedding, TimeProjections, sinusoid
from superpose.nn.folders import read_config, weight_files
from superpose.nn.half_unet import HalfUNet
from superpose.nn.joined import joined
from superpose.nn.levels import Maker, UpLevel, Way
from superpose.nn.loading import assign, load_unet2d, ready
from superpose.nn.openai_names import QKVOrder, openai_names, split_qkv, splits
from superpose.nn.part import Part
from superpose.nn.pickled import read_checkpoint
from superpose.nn.prompts import tell_of_lost_words
from superpose.nn.resampling import Downsample, Upsample
from superpose.nn.residual import Resample, ResidualBlock
from superpose.nn.shapes import shape_of
from superpose.nn.transformer import CrossAttention, FeedForward, SpatialTransformer, TransformerBlock
from superpose.nn.unet import UNet
from superpose.nn.unet2d import UNet2D
from superpose.nn.weights import digest, read_weights, shards, tensor_shapes

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "AttentionBlock",
    "CrossAttention",
    "Downsample",
    "FeedForward",
    "HalfUNet",
    "Maker",
    "Part",
    "QKVOrder",
    "Resample",
    "ResidualBlock",
    "SpatialTransformer",
    "TimeEmbedding",
    "TimeProjections",
    "TransformerBlock",
    "UNet",
    "UNet2D",
    "UNet2DConfig",
    "UpLevel",
    "Upsample",
    "Way",
    "assign",
    "digest",
    "joined",
    "load_unet2d",
    "openai_names",
    "read_checkpoint",
    "read_config",
    "read_weights",
    "ready",
    "rows",
    "shape_of",
    "shards",
    "silu_",
    "sinusoid",
    "split_qkv",
    "splits",
    "tell_of_lost_words",
    "tensor_shapes",
    "weight_files",
]
