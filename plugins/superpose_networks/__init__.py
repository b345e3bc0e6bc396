"""Network blocks that several model families share: what a plugin builds its networks from."""

from superpose_networks import rows
from superpose_networks.activation import ACTIVATIONS, Activation, silu_
from superpose_networks.attention import AttentionBlock
from superpose_networks.checks import Checks, as_tuple, is_whole
from superpose_networks.config import UNet2DConfig
from superpose_networks.embedding import TimeEmbedding, TimeProjections, sinusoid
from superpose_networks.folders import read_config, weight_files
from superpose_networks.fused_linear import fused_linear
from superpose_networks.lazy_network import LazyNetwork, load_together
from superpose_networks.levels import BlockFactory, Direction, UpLevel
from superpose_networks.loading import assign, ready
from superpose_networks.openai_names import QKVOrder, openai_names, split_qkv, splits
from superpose_networks.prompts import class_labels, class_number, load_tokenizer, tell_of_lost_words, tokens_of
from superpose_networks.resampling import Downsample, Upsample
from superpose_networks.residual import Resample, ResidualBlock
from superpose_networks.shapes import shape_of
from superpose_networks.sites import Tappable
from superpose_networks.transformer import CrossAttention, FeedForward, SpatialTransformer, TransformerBlock
from superpose_networks.unet import UNet
from superpose_networks.unet2d import UNet2D
from superpose_networks.unet2d_folder import load_unet2d, read_unet2d
from superpose_networks.unet_encoder import UNetEncoder
from superpose_networks.unfilled import unfilled
from superpose_networks.weight_file import WeightFile, named_shards, read_weights, tensor_shapes
from superpose_networks.weighted import WeightedPrompt, token_spans, unweighted
from superpose_networks.weights import Header, Part, shards

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "AttentionBlock",
    "BlockFactory",
    "Checks",
    "CrossAttention",
    "Direction",
    "Downsample",
    "FeedForward",
    "Header",
    "LazyNetwork",
    "Part",
    "QKVOrder",
    "Resample",
    "ResidualBlock",
    "SpatialTransformer",
    "Tappable",
    "TimeEmbedding",
    "TimeProjections",
    "TransformerBlock",
    "UNet",
    "UNet2D",
    "UNet2DConfig",
    "UNetEncoder",
    "UpLevel",
    "Upsample",
    "WeightFile",
    "WeightedPrompt",
    "as_tuple",
    "assign",
    "class_labels",
    "class_number",
    "fused_linear",
    "is_whole",
    "load_together",
    "load_tokenizer",
    "load_unet2d",
    "named_shards",
    "openai_names",
    "read_config",
    "read_unet2d",
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
    "token_spans",
    "tokens_of",
    "unfilled",
    "unweighted",
    "weight_files",
]
