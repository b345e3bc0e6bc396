"""Layouts of diffusion autoencoders, recognised from the names and shapes of a file's tensors.

Nearly everything shows there. A halving by a residual block does not (it is named and shaped like any other block), but
each level of the decoder ends, on the way up, in a block that can be told, so it says how many blocks a level has.
"""

from __future__ import annotations

from collections.abc import Mapping

from superpose import RecipeError
from superpose_networks import shape_of
from superpose_networks.diffae import GROUPS, Half, Layout, Perceptron

Shapes = Mapping[str, tuple[int, ...]]


def recognise(shapes: Shapes, source: str, encoder_blocks: int | None = None) -> Layout:
    """The layout of a model from the shapes of its tensors, named without the checkpoint's prefix.

    ``encoder_blocks`` are the residual blocks of a level of the encoder, None for as many as in the decoder. Raises
    `RecipeError`, which says that ``source`` is of another kind, where names or shapes do not fit.
    """
    needed = ("input_blocks.0.0.weight", "encoder.out.3.weight", "input_blocks.1.0.cond_emb_layers.1.weight")
    for name in (name for name in needed if name not in shapes):
        raise RecipeError(
            f"{source} is no diffusion autoencoder: it has no {name}; what fits is the last.ckpt of a template "
            "such as ffhq256_autoenc, whose decoder reads time and code apart and whose encoder pools adaptively"
        )
    blocks = _blocks(shapes)
    if blocks < 1:
        raise RecipeError(f"{source} is no diffusion autoencoder: the way up of its decoder is missing")
    decoder, encoder = _half(shapes, "", blocks, source), _half(shapes, "encoder.", encoder_blocks or blocks, source)
    for width in (*decoder.widths, *encoder.widths):
        if width % GROUPS:
            raise RecipeError(f"{source}: a level of {width} channels is not supported: multiples of {GROUPS} are")
    code = shape_of(source, shapes, "encoder.out.3.weight", 2, 4)[0]
    times = shape_of(source, shapes, "time_embed.time_embed.0.weight", 2)[1]
    return Layout(code, times, decoder, encoder, _latent(shapes, source))


def _blocks(shapes: Shapes) -> int:
    """Residual blocks of a level on the way down: one fewer than come before the first doubling on the way up."""
    count = _count(shapes, "output_blocks.{}.0.in_layers.0.weight")
    doublings = [f"output_blocks.{{}}.{place}.{key}.weight" for place in (1, 2) for key in ("in_layers.0", "conv")]
    return next((i for i in range(count) if any(name.format(i) in shapes for name in doublings)), count - 1)


def _half(shapes: Shapes, prefix: str, blocks: int, source: str) -> Half:
    """The way down: after the first convolution, ``blocks`` residual blocks and a halving, the last level without."""
    names = [f"{prefix}input_blocks.{i}" for i in range(1, len(shapes))]
    found = [name for name in names if f"{name}.0.in_layers.2.weight" in shapes or f"{name}.0.op.weight" in shapes]
    levels = [found[first : first + blocks + 1] for first in range(0, len(found), blocks + 1)]
    halvings = [level[-1] for level in levels[:-1]]
    key = "0.in_layers.2.weight"
    sizes = {name: shape_of(source, shapes, f"{name}.{key}", 4)[0] for name in found if f"{name}.{key}" in shapes}
    widths = [{sizes.get(name, 0) for name in level[:blocks]} for level in levels]
    attends = [{f"{name}.1.qkv.weight" in shapes for name in level[:blocks]} for level in levels]
    changes = any(f"{name}.0.skip_connection.weight" in shapes for name in halvings)
    mixed = any(len(kinds) != 1 for kinds in widths) or any(len(kinds) != 1 for kinds in attends)
    if changes or mixed or not levels or len(levels[-1]) != blocks:
        raise RecipeError(
            f"{source}: the {len(found)} blocks of its {'encoder' if prefix else 'decoder'} are not levels of {blocks} "
            "blocks and a halving: write encoder_blocks = the number of residual blocks of a level of the encoder"
        )
    residual = not any(f"{name}.0.op.weight" in shapes for name in halvings)
    return Half(tuple(map(max, widths)), blocks, tuple(map(max, attends)), residual)


def _latent(shapes: Shapes, source: str) -> Perceptron | None:
    count = _count(shapes, "latent_net.layers.{}.linear.weight")
    if count == 0:
        return None
    (hidden, code), *rest = (
        shape_of(source, shapes, f"latent_net.layers.{layer}.linear.weight", 2) for layer in range(count)
    )
    skips = tuple(layer for layer, (_, read) in enumerate(rest, start=1) if read == hidden + code)
    times = shape_of(source, shapes, "latent_net.time_embed.0.weight", 2)[1]
    return Perceptron(count, hidden, skips, times, "latent_net.layers.0.norm.weight" in shapes)


def _count(shapes: Shapes, name: str) -> int:
    return next(i for i in range(len(shapes) + 1) if name.format(i) not in shapes)
