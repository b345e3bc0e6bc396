"""The U-Net of DeepFloyd IF in the folder layout of diffusers (``UNet2DConditionModel``): text to a small image, and a
small image to a large one. Parameter names are the published ones, so that files load as they are.
"""

from __future__ import annotations

from torch import Tensor, nn

from superpose_deepfloyd.attention import TextAttention, TextPooling
from superpose_deepfloyd.config import IFConfig
from superpose_networks import ACTIVATIONS, Direction, Resample, ResidualBlock, TimeEmbedding, UNet, rows, sinusoid


class IFUNet(UNet):
    """The network of a stage: noisy images, a noise level and a text to (N, out_channels, H, W).

    Row i of the answer depends on row i of the arguments alone.

    Arguments:
        config: The checked configuration.
    """

    def __init__(self, config: IFConfig) -> None:
        widths, activation = config.block_out_channels, ACTIVATIONS[config.act_fn]
        super().__init__(
            _Blocks(config), widths=widths, blocks=config.layers_per_block, in_channels=config.in_channels,
            out_channels=config.out_channels, features=config.time_width, groups=config.norm_num_groups,
            eps=config.norm_eps, activation=activation,
        )  # fmt: skip
        self.config = config
        self.time_embedding = TimeEmbedding(widths[0], config.time_width, activation)
        self.class_embedding = None
        if config.class_embed_type == "timestep":
            self.class_embedding = TimeEmbedding(widths[0], config.time_width, activation)
        self.add_embedding = TextPooling(config.text_width, config.time_width, config.addition_embed_type_num_heads)
        self.encoder_hid_proj = None
        if config.encoder_hid_dim is not None:
            self.encoder_hid_proj = nn.Linear(config.encoder_hid_dim, config.cross_attention_dim)
        self.eval()

    def read(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Encode a text for the network, before it sees an image: to be done once a prompt.

        Arguments:
            states: What the text encoder says of each token, padding included, shape (N, L, text width).

        Returns:
            The words, shape (N, L, cross_attention_dim), and the whole text in one vector, shape (N, time width).
        """
        tokens = states if self.encoder_hid_proj is None else rows.linear(self.encoder_hid_proj, states)
        return tokens, self.add_embedding(states)

    def forward(
        self, x: Tensor, t: Tensor, tokens: Tensor, pooled: Tensor, noise_level: Tensor | None = None
    ) -> Tensor:
        """The network's answer.

        Arguments:
            x: Noisy images and what lies beside them, shape (N, in_channels, H, W).
            t: Noise levels on the scale the network was trained on, shape (N,) or ().
            tokens: As from `read`, shape (N, L, cross_attention_dim).
            pooled: As from `read`, shape (N, time width).
            noise_level: How noisy the small images beside x are, shape (N,); None if and only if there are none.

        Returns:
            Shape (N, out_channels, H, W), in the dtype of the weights.

        Raises:
            ValueError: The sides cannot be halved as often as needed, or the noise level is missing or not known.
        """
        if (self.class_embedding is None) != (noise_level is None):
            what = "has no small image beside it: leave out" if self.class_embedding is None else "needs"
            raise ValueError(f"this network {what} noise_level")
        features = self.time_embedding(self._sinusoid(t.reshape(-1)))
        if self.class_embedding is not None and noise_level is not None:
            features = features + self.class_embedding(self._sinusoid(noise_level))
        features = features + pooled
        if self.config.time_embedding_act_fn is not None:
            features = ACTIVATIONS[self.config.time_embedding_act_fn](features)
        if not self.config.resnet_skip_time_act:
            features = ACTIVATIONS[self.config.act_fn](features)
        return self.run(2 * x - 1 if self.config.center_input_sample else x, features, tokens)

    def _sinusoid(self, t: Tensor) -> Tensor:
        width, config = self.config.block_out_channels[0], self.config
        features = sinusoid(t, width, cosine_first=config.flip_sin_to_cos, shift=config.freq_shift)
        return features.to(self.conv_in.weight.dtype)


class _Blocks:
    """Blocks of this network, as its configuration says."""

    def __init__(self, config: IFConfig) -> None:
        self.config = config

    def residual(self, in_channels: int, out_channels: int, way: Direction, resample: Resample = None) -> ResidualBlock:
        config = self.config
        return ResidualBlock(
            in_channels, out_channels, groups=config.norm_num_groups, eps=config.norm_eps,
            activation=ACTIVATIONS[config.act_fn], time="scale_shift" if config.resnet_time_scale_shift ==
            "scale_shift" else "add", resample=resample, scale=config.mid_block_scale_factor if way == "middle" else
            config.resnet_out_scale_factor, dropout=config.dropout,
        )  # fmt: skip

    def attention(self, level: int, way: Direction) -> nn.Module | None:
        config, last = self.config, len(self.config.block_out_channels) - 1
        place = last - level if way == "up" else level
        only_text = config.mid_block_only_cross_attention if way == "middle" else config.only_cross_attention[place]
        kinds = config.down_block_types if way == "down" else config.up_block_types
        if way != "middle" and "Attn" not in kinds[level]:
            return None
        return TextAttention(
            config.block_out_channels[place], config.cross_attention_dim, config.attention_head_dim[level],
            groups=config.norm_num_groups, looks_at_pixels=not only_text, norms_text=bool(config.cross_attention_norm),
        )  # fmt: skip

    def downsample(self, level: int) -> nn.Module:
        width = self.config.block_out_channels[level]
        return self.residual(width, width, "down", "down")

    def upsample(self, level: int) -> nn.Module:
        width = self.config.block_out_channels[-1 - level]
        return self.residual(width, width, "up", "up")
