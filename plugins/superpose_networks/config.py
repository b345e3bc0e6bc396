"""The configuration of a U-Net in the published folder layout: ``config.json`` beside the weights, checked.

Keys and defaults are those of ``UNet2DModel`` in diffusers. Every key is either understood or refused: a network built
from half of its configuration runs and is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from superpose_networks.activation import ACTIVATIONS
from superpose_networks.checks import Checks, as_tuple

CHECK = Checks("U-Net configuration")
DOWN_BLOCKS = ("DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D")
UP_BLOCKS = ("UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D")


def _sides(_: object, attribute: attrs.Attribute[object], value: object) -> None:
    sides = value if isinstance(value, tuple) else (value, value)
    if value is not None and (len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides)):
        raise CHECK.refused(attribute.name, value, "a whole number from 1, or two of them, or null")


def _short_names(names: object) -> Any:
    # The first releases called DownBlock2D UNetResDownBlock2D.
    if not isinstance(names, (list, tuple)):
        return names
    return tuple(name.removeprefix("UNetRes") if isinstance(name, str) else name for name in names)


def _lower(name: object) -> Any:
    return name.lower() if isinstance(name, str) else name


@attrs.frozen(kw_only=True)
class UNet2DConfig:
    """Configuration of a ``UNet2D``. Field names are the keys of ``config.json``.

    ``attention_head_dim`` is the width of a head; None makes one head of all channels. ``norm_num_groups`` must divide
    every entry of ``block_out_channels``.

    Raises:
        ValueError: One line that names the key, its value and what is supported.
    """

    sample_size: Any = attrs.field(default=None, converter=as_tuple, validator=_sides)
    in_channels: int = attrs.field(default=3, validator=CHECK.whole(1))
    out_channels: int = attrs.field(default=3, validator=CHECK.whole(1))
    center_input_sample: bool = attrs.field(default=False, validator=CHECK.among(False, True))
    time_embedding_type: str = attrs.field(default="positional", validator=CHECK.among("positional"))
    time_embedding_dim: int | None = attrs.field(default=None, validator=CHECK.whole(1, optional=True))
    freq_shift: float = attrs.field(default=0, validator=CHECK.number(0))
    flip_sin_to_cos: bool = attrs.field(default=True, validator=CHECK.among(False, True))
    down_block_types: tuple[str, ...] = attrs.field(
        default=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
        converter=_short_names,
        validator=CHECK.all_among(*DOWN_BLOCKS),
    )
    mid_block_type: str | None = attrs.field(default="UNetMidBlock2D", validator=CHECK.among("UNetMidBlock2D", None))
    up_block_types: tuple[str, ...] = attrs.field(
        default=("AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        converter=_short_names,
        validator=CHECK.all_among(*UP_BLOCKS),
    )
    block_out_channels: tuple[int, ...] = attrs.field(
        default=(224, 448, 672, 896), converter=as_tuple, validator=CHECK.all_whole(2)
    )
    layers_per_block: int = attrs.field(default=2, validator=CHECK.whole(1))
    mid_block_scale_factor: float = attrs.field(default=1, validator=CHECK.number(1e-6))
    downsample_padding: int = attrs.field(default=1, validator=CHECK.among(0, 1))
    downsample_type: str = attrs.field(default="conv", validator=CHECK.among("conv", "resnet"))
    upsample_type: str = attrs.field(default="conv", validator=CHECK.among("conv", "resnet"))
    dropout: float = attrs.field(default=0.0, validator=CHECK.number(0))
    act_fn: str = attrs.field(default="silu", converter=_lower, validator=CHECK.among(*ACTIVATIONS))
    attention_head_dim: int | None = attrs.field(default=8, validator=CHECK.whole(1, optional=True))
    norm_num_groups: int = attrs.field(default=32, validator=CHECK.whole(1))
    attn_norm_num_groups: int | None = attrs.field(default=None, validator=CHECK.whole(1, optional=True))
    norm_eps: float = attrs.field(default=1e-5, validator=CHECK.number(0))
    resnet_time_scale_shift: str = attrs.field(default="default", validator=CHECK.among("default", "scale_shift"))
    add_attention: bool = attrs.field(default=True, validator=CHECK.among(False, True))
    class_embed_type: str | None = attrs.field(default=None, validator=CHECK.among(None, "timestep", "identity"))
    num_class_embeds: int | None = attrs.field(default=None, validator=CHECK.whole(1, optional=True))
    num_train_timesteps: int | None = attrs.field(
        default=None, validator=CHECK.whole(1, optional=True)
    )  # read by time_embedding_type = "learned" only
    resamp_with_conv: bool = attrs.field(
        default=True, validator=CHECK.among(False, True)
    )  # of DDPM's port; diffusers' do

    def __attrs_post_init__(self) -> None:
        widths, groups, head = self.block_out_channels, self.norm_num_groups, self.attention_head_dim
        for key in ("down_block_types", "up_block_types"):
            if len(getattr(self, key)) != len(widths):
                supported = f"{len(widths)} of them, one for each of block_out_channels"
                raise CHECK.refused(key, getattr(self, key), supported)
        if any(width % groups for width in widths):
            raise CHECK.refused("block_out_channels", widths, f"multiples of norm_num_groups = {groups}")
        if self.attn_norm_num_groups and widths[-1] % self.attn_norm_num_groups:
            raise CHECK.refused("attn_norm_num_groups", self.attn_norm_num_groups, f"divisors of {widths[-1]}, or null")
        if self.freq_shift >= widths[0] // 2:
            raise CHECK.refused(
                "freq_shift", self.freq_shift, f"numbers below {widths[0] // 2}, half the first of {widths}"
            )
        if head is not None and head > min(self._attended, default=head):
            raise CHECK.refused(
                "attention_head_dim", head, f"at most the {min(self._attended)} channels it is cut from"
            )

    @property
    def _attended(self) -> list[int]:
        """Channels of every level that has attention."""
        levels = (*zip(self.down_block_types, self.block_out_channels, strict=True),)
        levels += (*zip(self.up_block_types, reversed(self.block_out_channels), strict=True),)
        middle = [self.block_out_channels[-1]] if self.mid_block_type is not None and self.add_attention else []
        return middle + [width for kind, width in levels if kind.startswith("Attn")]

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> UNet2DConfig:
        """The configuration in a parsed ``config.json``; keys that begin with an underscore are the writer's own notes.

        Raises:
            ValueError: One line that names the key, its value and what is supported.
        """
        name = mapping.get("_class_name", "UNet2DModel")
        if name not in ("UNet2DModel", "UNetModel", "UNetUnconditionalModel"):
            raise CHECK.refused("_class_name", name, "'UNet2DModel'")
        known = [field.name for field in attrs.fields(cls)]
        chosen = {key: value for key, value in mapping.items() if not key.startswith("_")}
        for key, value in chosen.items():
            if key not in known:
                raise CHECK.refused(key, value, "the keys " + ", ".join(known))
        return cls(**chosen)

    @property
    def time_width(self) -> int:
        """Width of the time features that every block reads."""
        return self.time_embedding_dim or 4 * self.block_out_channels[0]

    @property
    def multiple(self) -> int:
        """Divisor of an image's sides, which each level but the last halves."""
        return int(2 ** (len(self.block_out_channels) - 1))
