r"""The U-Net that every family shares (Ho et al. 2020, arXiv:2006.11239; Dhariwal & Nichol 2021, arXiv:2105.05233).

A family says what its blocks are (a `BlockFactory`) and what tells them the noise level, the class and the text; how
they are put together is the same everywhere and stands here. Names of parameters are those that diffusers made common:
``down_blocks.0.resnets.1.conv1``, ``mid_block.attentions.0``, ``up_blocks.2.upsamplers.0`` and so on.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from superpose_networks import rows
from superpose_networks.activation import Activation, silu_
from superpose_networks.embedding import TimeProjections
from superpose_networks.levels import BlockFactory, DownLevel, Middle, UpLevel
from superpose_networks.residual import ResidualBlock


class UNet(nn.Module):
    """Down, middle, up; abstract. A family's network adds its embeddings and a ``forward`` that calls `run`.

    Row i of the answer depends on row i of the arguments alone.

    Arguments:
        factory: Makes the blocks.
        widths: Channels of each level, the first at full size.
        blocks: Residual blocks of each level on the way down; there is one more on the way up.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        features: Width of the time features that the blocks read.
        code: Width of the code that the blocks read as well; None where there is none.
        groups: Of the last group norm.
        eps: Of the last group norm.
        activation: Before the last convolution; may overwrite its argument.
        middle: Residual blocks of the middle; 0 where there is none.
        first: Channels that the first convolution writes; None for those of the first level.
    """

    def __init__(
        self,
        factory: BlockFactory,
        *,
        widths: Sequence[int],
        blocks: Sequence[int],
        in_channels: int,
        out_channels: int,
        features: int,
        code: int | None = None,
        groups: int = 32,
        eps: float = 1e-5,
        activation: Activation = silu_,
        middle: int = 2,
        first: int | None = None,
    ) -> None:
        super().__init__()
        self._activation = activation
        skips = [widths[0] if first is None else first]
        self.conv_in = nn.Conv2d(in_channels, skips[0], 3, padding=1)
        # Blocks are registered in the order in which they run, and take their shares of the features in turn.
        bottom = len(widths) - 1
        self.down_blocks = nn.ModuleList()
        for level, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            self.down_blocks.append(DownLevel(factory, level, skips[-1], width, count, level == bottom))
            skips += [width] * (count + (level != bottom))
        self.mid_block = Middle(factory, bottom, widths[-1], middle) if middle else None
        self.up_blocks = nn.ModuleList()
        channels = widths[-1]
        for level, (width, count) in enumerate(zip(reversed(widths), reversed(blocks), strict=True)):
            beside = [skips.pop() for _ in range(count + 1)]
            self.up_blocks.append(UpLevel(factory, level, channels, beside, width, level == bottom))
            channels = width

        residuals = {name: block for name, block in self.named_modules() if isinstance(block, ResidualBlock)}
        self.time_projections = TimeProjections(
            self, features, {name: block.time_width for name, block in residuals.items()}
        )
        self.code_projections = None
        if code is not None:
            coded = {name: block.conv1.out_channels for name, block in residuals.items()}
            self.code_projections = TimeProjections(self, code, coded, "code_projections", "cond_emb_proj")
        self.conv_norm_out = nn.GroupNorm(groups, widths[0], eps)
        self.conv_out = nn.Conv2d(widths[0], out_channels, 3, padding=1)

    def run(self, x: Tensor, features: Tensor, *context: Tensor | None, code: Tensor | None = None) -> Tensor:
        """From the input to the output.

        Arguments:
            x: Shape (N, read, H, W); H and W divisible by 2 for each level but the last.
            features: Time features after their activation, shape (N, features), or (1, features) for all rows.
            context: Handed to every attention after its features.
            code: After its activation, shape (N, code).

        Returns:
            Shape (N, written, H, W), in the dtype of the weights.

        Raises:
            ValueError: The sides cannot be halved as often as needed.
        """
        halvings = len(self.down_blocks) - 1
        if any(side % 2**halvings for side in x.shape[2:]):
            raise ValueError(f"images of {tuple(x.shape[2:])} cannot be halved {halvings} times; see that they can")
        apart = [self.time_projections.parts(features)]
        if self.code_projections is not None and code is not None:
            apart.append(self.code_projections.parts(code))
        block_embeddings = zip(*apart, strict=True)
        h = self.conv_in(x)
        skips = [h]
        for down in self.down_blocks:
            h = down(h, block_embeddings, skips, *context)
        if self.mid_block is not None:
            h = self.mid_block(h, block_embeddings, *context)
        for up in self.up_blocks:
            h = up(h, block_embeddings, skips, *context)
        answer: Tensor = self.conv_out(self._activation(rows.group_norm(self.conv_norm_out, h)))
        return answer.contiguous()
