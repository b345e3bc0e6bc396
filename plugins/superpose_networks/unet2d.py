r"""The U-Net of pixel diffusion models in the folder layout of diffusers (``UNet2DModel``).

Parameter names are the published ones, so that files load as they are. What we compute as one (q, k and v; all time
projections) is joined while loading and split again by ``state_dict``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from superpose_networks.activation import ACTIVATIONS, silu_
from superpose_networks.attention import AttentionBlock
from superpose_networks.config import UNet2DConfig
from superpose_networks.embedding import TimeEmbedding, sinusoid
from superpose_networks.levels import Direction
from superpose_networks.resampling import Downsample, Upsample
from superpose_networks.residual import Resample, ResidualBlock
from superpose_networks.unet import UNet


class UNet2D(UNet):
    """The network of a noise predictor: (N, C, H, W) and a noise level to (N, C_out, H, W).

    Row i of the answer depends on row i of the arguments alone.

    Arguments:
        config: The checked configuration.
    """

    def __init__(self, config: UNet2DConfig) -> None:
        widths = config.block_out_channels
        super().__init__(
            _Blocks(config),
            widths=widths,
            blocks=[config.layers_per_block] * len(widths),
            in_channels=config.in_channels,
            out_channels=config.out_channels,
            features=config.time_width,
            groups=config.norm_num_groups,
            eps=config.norm_eps,
            activation=silu_,
            middle=0 if config.mid_block_type is None else 2,
        )
        self.config = config
        self.activation = ACTIVATIONS[config.act_fn]
        self.time_embedding = TimeEmbedding(widths[0], config.time_width)
        self.class_embedding = _class_embedding(config)
        self.eval()

    def forward(self, x: Tensor, t: Tensor, class_labels: Tensor | None = None) -> Tensor:
        """The network's answer, whatever it was trained to predict.

        Arguments:
            x: Noisy images, shape (N, in_channels, H, W); H and W divisible by 2 for each level but the last.
            t: Noise levels on the scale the network was trained on, whole or fractional, shape (N,) or ().
            class_labels: Shape (N,): rows of the embedding table, or numbers where ``class_embed_type`` is "timestep";
                shape (N, time width) where it is "identity". None if and only if the network knows no classes.

        Returns:
            Shape (N, out_channels, H, W), in the dtype of the weights.

        Raises:
            ValueError: The sides cannot be halved as often as needed, labels are missing, or nothing reads them.
        """
        features = self.activation(self._embed(t, class_labels))
        return self.run(2 * x - 1 if self.config.center_input_sample else x, features)

    def _embed(self, t: Tensor, class_labels: Tensor | None) -> Tensor:
        """Time features before their activation, (N, time width), or (1, time width) for one t and no classes."""
        config, dtype = self.config, self.conv_in.weight.dtype
        embedding: Tensor = self.time_embedding(self._sinusoid(t.reshape(-1)).to(dtype))
        if (self.class_embedding is None) != (class_labels is None):
            what = "knows no classes: leave out" if self.class_embedding is None else "is conditional on classes: give"
            raise ValueError(f"this network {what} class_labels")
        if self.class_embedding is None or class_labels is None:
            return embedding
        if config.class_embed_type == "timestep":
            class_labels = self._sinusoid(class_labels)
        if config.class_embed_type is not None:
            class_labels = class_labels.to(dtype)
        labelled: Tensor = embedding + self.class_embedding(class_labels)
        return labelled

    def _sinusoid(self, t: Tensor) -> Tensor:
        width, config = self.config.block_out_channels[0], self.config
        return sinusoid(t, width, cosine_first=config.flip_sin_to_cos, shift=config.freq_shift)


def _class_embedding(config: UNet2DConfig) -> nn.Module | None:
    embeddings: dict[str | None, Any] = {
        "timestep": lambda: TimeEmbedding(config.block_out_channels[0], config.time_width),
        "identity": nn.Identity,
        None: lambda: nn.Embedding(config.num_class_embeds, config.time_width) if config.num_class_embeds else None,
    }
    module: nn.Module | None = embeddings[config.class_embed_type]()
    return module


class _Blocks:
    """Blocks of this network, as its configuration says."""

    def __init__(self, config: UNet2DConfig) -> None:
        self.config = config

    def residual(self, in_channels: int, out_channels: int, way: Direction, resample: Resample = None) -> ResidualBlock:
        config = self.config
        return ResidualBlock(
            in_channels,
            out_channels,
            groups=config.norm_num_groups,
            eps=config.norm_eps,
            activation=ACTIVATIONS[config.act_fn],
            time="scale_shift" if config.resnet_time_scale_shift == "scale_shift" else "add",
            resample=resample,
            dropout=config.dropout,
            scale=config.mid_block_scale_factor if way == "middle" else 1.0,
        )

    def attention(self, level: int, way: Direction) -> nn.Module | None:
        config = self.config
        if way == "middle":
            groups, scale = config.attn_norm_num_groups, config.mid_block_scale_factor
            if groups is None and config.resnet_time_scale_shift == "default":
                groups = config.norm_num_groups
            return self._attention(config.block_out_channels[-1], groups, scale) if config.add_attention else None
        attends = (config.down_block_types if way == "down" else config.up_block_types)[level].startswith("Attn")
        return self._attention(self._width(level, way), config.norm_num_groups) if attends else None

    def downsample(self, level: int) -> nn.Module:
        width = self._width(level, "down")
        if _by_residual(self.config.down_block_types[level], self.config.downsample_type):
            return self.residual(width, width, "down", "down")
        return Downsample(width, self.config.downsample_padding) if self.config.resamp_with_conv else nn.AvgPool2d(2)

    def upsample(self, level: int) -> nn.Module:
        width = self._width(level, "up")
        if _by_residual(self.config.up_block_types[level], self.config.upsample_type):
            return self.residual(width, width, "up", "up")
        return Upsample(width) if self.config.resamp_with_conv else nn.Upsample(scale_factor=2)

    def _attention(self, width: int, groups: int | None, scale: float = 1.0) -> AttentionBlock:
        head = self.config.attention_head_dim or width
        return AttentionBlock(width, head, groups=groups, eps=self.config.norm_eps, scale=scale)

    def _width(self, level: int, way: Direction) -> int:
        return self.config.block_out_channels[level if way == "down" else -1 - level]


def _by_residual(kind: str, option: str) -> bool:
    # The options downsample_type and upsample_type are read by blocks with attention only, as in the published code.
    return kind.startswith("Resnet") or (kind.startswith("Attn") and option == "resnet")
