"""Half a U-Net: the way down and the middle, for networks that say something of the whole image.

Encoders (diffusion autoencoders, Preechakul et al. 2022, arXiv:2111.15640) and classifiers of noisy images (Dhariwal &
Nichol 2021, arXiv:2105.05233) pool what it gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from superpose_networks.levels import BlockFactory, DownLevel, Middle


class UNetEncoder(nn.Module):
    """Down and the middle; abstract. A family's network adds its embeddings, its pool and a ``forward``.

    Arguments:
        factory: Makes the blocks.
        widths: Channels of each level, the first at full size.
        blocks: Residual blocks of each level.
        in_channels: Channels of the input.
    """

    def __init__(self, factory: BlockFactory, *, widths: Sequence[int], blocks: int, in_channels: int) -> None:
        super().__init__()
        bottom = len(widths) - 1
        before = (widths[0], *widths)
        self.conv_in = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            DownLevel(factory, level, before[level], width, blocks, level == bottom)
            for level, width in enumerate(widths)
        )
        self.mid_block = Middle(factory, bottom, widths[-1])

    def run(
        self, x: Tensor, block_embeddings: Iterable[tuple[Tensor, ...]], left: list[Tensor] | None = None
    ) -> Tensor:
        """Features of the bottom, shape (N, widths[-1], h, w), of images (N, read, H, W).

        Arguments:
            x: The images.
            block_embeddings: What each residual block is told, in turn.
            left: Is given what the first convolution and each block leave, where somebody pools that as well.
        """
        each = iter(block_embeddings)
        h = self.conv_in(x)
        if left is not None:
            left.append(h)
        for down in self.down_blocks:
            h = down(h, each, [] if left is None else left)
        answer: Tensor = self.mid_block(h, each)
        return answer
