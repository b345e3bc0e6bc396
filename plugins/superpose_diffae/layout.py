"""What a file of a diffusion autoencoder holds, recognised from the names and shapes of its tensors.

Nearly everything shows there. A halving by a residual block does not (it is named and shaped like any other block), but
each level of the decoder ends, on the way up, in a block that can be told, so it says how many blocks a level has.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from superpose import RecipeError

Shapes = Mapping[str, tuple[int, ...]]

#: Group norms have 32 groups in every published model.
GROUPS = 32


@attrs.frozen
class Half:
    """The way down of a U-Net, encoder's or decoder's.

    Attributes:
        widths: Channels of each level.
        blocks: Residual blocks of each level.
        attends: Whether each level has attention.
        residual: Whether sides are halved (and doubled) by residual blocks.
    """

    widths: tuple[int, ...]
    blocks: int
    attends: tuple[bool, ...]
    residual: bool


@attrs.frozen
class Latent:
    """The network that makes codes out of noise.

    Attributes:
        layers: Its linear layers.
        hidden: Their width.
        skips: The layers that read the noisy code beside what the layer before gives.
        times: Sinusoids that tell it the noise level.
        normed: Whether its layers are normed.
    """

    layers: int
    hidden: int
    skips: tuple[int, ...]
    times: int
    normed: bool


@attrs.frozen
class Layout:
    """All that is built.

    Attributes:
        code: Width of a semantic code.
        decoder: Way down of the conditional U-Net.
        encoder: The semantic encoder.
        latent: The latent network; None where the file has none.
    """

    code: int
    decoder: Half
    encoder: Half
    latent: Latent | None


def recognise(shapes: Shapes, source: str, encoder_blocks: int | None = None) -> Layout:
    """The layout of a model from the shapes of its tensors, named without the prefix of the checkpoint.

    Arguments:
        shapes: By name.
        source: Where they came from, for the message.
        encoder_blocks: Residual blocks of a level of the encoder; None for as many as in the decoder.

    Raises:
        RecipeError: The tensors are those of another model.
    """
    for name in ("input_blocks.0.0.weight", "encoder.out.3.weight", "input_blocks.1.0.cond_emb_layers.1.weight"):
        if name not in shapes:
            raise RecipeError(
                f"{source} is no diffusion autoencoder: it has no {name}; what fits is the last.ckpt of a template "
                "such as ffhq256_autoenc, whose decoder reads time and code apart and whose encoder pools adaptively"
            )
    blocks, levels = _ways_up(shapes)
    decoder = _half(shapes, "", blocks, source)
    if len(decoder.widths) != levels:
        raise RecipeError(f"{source}: its decoder goes down {len(decoder.widths)} levels and up {levels}")
    encoder = _half(shapes, "encoder.", encoder_blocks or blocks, source)
    for width in (*decoder.widths, *encoder.widths):
        if width % GROUPS:
            raise RecipeError(f"{source}: a level of {width} channels is not supported: multiples of {GROUPS} are")
    return Layout(shapes["encoder.out.3.weight"][0], decoder, encoder, _latent(shapes))


def _ways_up(shapes: Shapes) -> tuple[int, int]:
    """Residual blocks of a level on the way down, and levels of the decoder."""
    count = 0
    while f"output_blocks.{count}.0.in_layers.0.weight" in shapes:
        count += 1

    def doubles(block: int) -> bool:
        modules = (f"output_blocks.{block}.{place}" for place in (1, 2))
        return any(f"{module}.{key}.weight" in shapes for module in modules for key in ("in_layers.0", "conv"))

    size = next((block for block in range(count) if doubles(block)), count - 1) + 1
    return size - 1, count // size


def _half(shapes: Shapes, prefix: str, blocks: int, source: str) -> Half:
    """The way down: after the first convolution, ``blocks`` residual blocks and a halving, the last level without."""
    count = 1
    while _is_block(shapes, f"{prefix}input_blocks.{count}.0"):
        count += 1
    levels, rest = divmod(count, blocks + 1)
    firsts = [1 + level * (blocks + 1) for level in range(levels)]
    members = [[f"{prefix}input_blocks.{first + block}" for block in range(blocks)] for first in firsts]
    widths = [[shapes.get(f"{name}.0.in_layers.2.weight", (0,))[0] for name in level] for level in members]
    attends = [[f"{name}.1.qkv.weight" in shapes for name in level] for level in members]
    halvings = [f"{prefix}input_blocks.{first - 1}.0" for first in firsts[1:]]
    changes = [name for name in halvings if f"{name}.skip_connection.weight" in shapes]
    if rest or changes or any(len(set(level)) != 1 for level in (*widths, *attends)):
        raise RecipeError(
            f"{source}: the {count - 1} blocks of its {'encoder' if prefix else 'decoder'} are not levels of {blocks} "
            "blocks and a halving: write encoder_blocks = the number of residual blocks of a level of the encoder"
        )
    residual = not any(f"{name}.op.weight" in shapes for name in halvings)
    return Half(tuple(level[0] for level in widths), blocks, tuple(level[0] for level in attends), residual)


def _is_block(shapes: Shapes, name: str) -> bool:
    return f"{name}.in_layers.2.weight" in shapes or f"{name}.op.weight" in shapes


def _latent(shapes: Shapes) -> Latent | None:
    count = 0
    while f"latent_net.layers.{count}.linear.weight" in shapes:
        count += 1
    if count == 0:
        return None
    linear = [shapes[f"latent_net.layers.{layer}.linear.weight"] for layer in range(count)]
    hidden, code = linear[0]
    skips = tuple(layer for layer in range(1, count) if linear[layer][1] == hidden + code)
    times = shapes["latent_net.time_embed.0.weight"][1]
    return Latent(count, hidden, skips, times, "latent_net.layers.0.norm.weight" in shapes)
