r"""The U-Net of pixel diffusion models (Ho et al. 2020, arXiv:2006.11239), in the layout that diffusers made common.

Parameter names are the published ones, so that files load as they are. What we compute as one (q, k and v; all time
projections) is joined while loading and split again by ``state_dict``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from superpose.nn import rows
from superpose.nn.activation import ACTIVATIONS, silu_
from superpose.nn.config import UNet2DConfig
from superpose.nn.embedding import TimeEmbedding, TimeProjections, sinusoid
from superpose.nn.levels import DownLevel, Middle, UpLevel
from superpose.nn.residual import ResidualBlock


class UNet2D(nn.Module):
    """The network of a noise predictor: (N, C, H, W) and a noise level to (N, C_out, H, W).

    Row i of the answer depends on row i of the arguments alone.

    Arguments:
        config: The checked configuration.
    """

    def __init__(self, config: UNet2DConfig) -> None:
        super().__init__()
        self.config = config
        self.activation = ACTIVATIONS[config.act_fn]
        widths = config.block_out_channels
        self.conv_in = nn.Conv2d(config.in_channels, widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0], config.time_width)
        self.class_embedding = _class_embedding(config)

        # Down, middle, up: blocks are registered in the order in which they run, and take their time features in turn.
        skips = [widths[0]]
        self.down_blocks = nn.ModuleList()
        for level, kind in enumerate(config.down_block_types):
            last = level == len(widths) - 1
            self.down_blocks.append(DownLevel(config, kind, skips[-1], widths[level], last))
            skips += [widths[level]] * (config.layers_per_block + (not last))
        self.mid_block = Middle(config) if config.mid_block_type is not None else None
        self.up_blocks = nn.ModuleList()
        channels = widths[-1]
        for level, kind in enumerate(config.up_block_types):
            read = [skips.pop() for _ in range(config.layers_per_block + 1)]
            self.up_blocks.append(UpLevel(config, kind, channels, read, widths[-1 - level], level == len(widths) - 1))
            channels = widths[-1 - level]

        blocks = [(name, block) for name, block in self.named_modules() if isinstance(block, ResidualBlock)]
        widths_of = {name: block.time_width for name, block in blocks}
        self.time_projections = TimeProjections(self, config.time_width, widths_of)
        self.conv_norm_out = nn.GroupNorm(config.norm_num_groups, widths[0], config.norm_eps)
        self.conv_out = nn.Conv2d(widths[0], config.out_channels, 3, padding=1)
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
        halvings = len(self.down_blocks) - 1
        if any(side % 2**halvings for side in x.shape[2:]):
            raise ValueError(f"images of {tuple(x.shape[2:])} cannot be halved {halvings} times; see that they can")
        if self.config.center_input_sample:
            x = 2 * x - 1
        times = iter(self.time_projections.parts(self.activation(self._embed(t, class_labels))))
        h = self.conv_in(x)
        skips = [h]
        for down in self.down_blocks:
            h = down(h, times, skips)
        if self.mid_block is not None:
            h = self.mid_block(h, times)
        for up in self.up_blocks:
            h = up(h, times, skips)
        answer: Tensor = self.conv_out(silu_(rows.group_norm(self.conv_norm_out, h)))
        return answer.contiguous()

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
