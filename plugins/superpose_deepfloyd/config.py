"""The configuration of an IF network: ``config.json`` of a ``UNet2DConditionModel`` with IF's blocks, checked.

Keys and defaults are those of diffusers. Every key is understood, without effect on these blocks, or refused: a network
built from half of its configuration runs and is wrong. One class of diffusers serves a dozen families, hence so many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

DOWN = ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D")
UP = ("ResnetUpsampleBlock2D", "SimpleCrossAttnUpBlock2D")

#: Groups of the norm of the text, whatever the other norms have.
TEXT_GROUPS = 32

#: Keys that say what makes a network one of IF's, or turn off what other families have, and what they must be.
FIXED: dict[str, tuple[Any, ...]] = {
    "_class_name": ("UNet2DConditionModel",),
    "addition_embed_type": ("text",),
    "mid_block_type": ("UNetMidBlock2DSimpleCrossAttn",),
    "encoder_hid_dim_type": ("text_proj", None),
    "time_embedding_type": ("positional",),
    "attention_type": ("default",),
    "conv_in_kernel": (3,),
    "conv_out_kernel": (3,),
    "class_embeddings_concat": (False,),
    "num_attention_heads": (None,),
    "num_class_embeds": (None,),
    "timestep_post_act": (None,),
    "time_cond_proj_dim": (None,),
}
#: Keys with a value for each level; one value stands for all.
PER_LEVEL = ("down_block_types", "up_block_types", "layers_per_block", "attention_head_dim", "only_cross_attention")
#: Keys that the blocks of other families read, and these do not.
IDLE = (
    "dual_cross_attention", "use_linear_projection", "upcast_attention", "transformer_layers_per_block",
    "reverse_transformer_layers_per_block", "addition_time_embed_dim", "projection_class_embeddings_input_dim",
    "downsample_padding",
)  # fmt: skip


def _refuse(key: str, value: object, supported: str) -> ValueError:
    return ValueError(f"IF configuration: {key} = {value!r} is not supported; supported: {supported}")


def _must(holds: Callable[[Any], bool], words: str) -> Any:
    def check(_: object, attribute: attrs.Attribute[object], value: object) -> None:
        if not holds(value):
            raise _refuse(attribute.name, value, words)

    return check


def _is_whole(value: object) -> bool:
    return type(value) is int and value >= 1


def _among(*values: object) -> Any:
    return _must(lambda value: value in values, ", ".join(map(repr, values)))


def _blocks(*names: str) -> Any:
    return _must(lambda value: isinstance(value, tuple) and set(value) <= set(names), "lists of " + ", ".join(names))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_whole = _must(_is_whole, "whole numbers from 1")
_wholes = _must(
    lambda value: isinstance(value, tuple) and all(map(_is_whole, value)), "a whole number from 1, or one a level"
)
_whole_or_null = _must(lambda value: value is None or _is_whole(value), "whole numbers from 1, or null")
_flag = _must(lambda value: isinstance(value, bool), "true or false")
_flags = _must(
    lambda value: isinstance(value, tuple) and all(isinstance(one, bool) for one in value), "true or false, or a list"
)
_number = _must(lambda value: type(value) in (int, float) and value >= 0, "numbers from 0")
_divisor = _must(lambda value: type(value) in (int, float) and value > 0, "numbers above 0")
_activation = _among("silu", "swish", "mish", "gelu", "relu")
_activation_or_null = _among(None, "silu", "swish", "mish", "gelu", "relu")


@attrs.frozen(kw_only=True)
class IFConfig:
    """What must be known to build an `IFUNet`. Field names are the keys of ``config.json``.

    ``attention_head_dim`` is the width of a head in these blocks, although it is a number of heads in Stable
    Diffusion's, which the same class of diffusers builds. Where it is a list, the way up reads it in the order of the
    way down, as diffusers does; the lists of layers and of ``only_cross_attention`` are turned round.

    Raises:
        ValueError: One line that names the key, its value and what is supported.
    """

    sample_size: int = attrs.field(validator=_whole)
    in_channels: int = attrs.field(default=4, validator=_whole)
    out_channels: int = attrs.field(default=4, validator=_whole)
    center_input_sample: bool = attrs.field(default=False, validator=_flag)
    flip_sin_to_cos: bool = attrs.field(default=True, validator=_flag)
    freq_shift: float = attrs.field(default=0, validator=_number)
    down_block_types: tuple[str, ...] = attrs.field(converter=_tuple, validator=_blocks(*DOWN))
    up_block_types: tuple[str, ...] = attrs.field(converter=_tuple, validator=_blocks(*UP))
    block_out_channels: tuple[int, ...] = attrs.field(
        default=(320, 640, 1280, 1280), converter=_tuple, validator=_wholes
    )
    layers_per_block: tuple[int, ...] = attrs.field(default=2, converter=_tuple, validator=_wholes)
    mid_block_scale_factor: float = attrs.field(default=1, validator=_divisor)
    dropout: float = attrs.field(default=0.0, validator=_number)
    act_fn: str = attrs.field(default="silu", validator=_activation)
    norm_num_groups: int = attrs.field(default=32, validator=_whole)
    norm_eps: float = attrs.field(default=1e-5, validator=_number)
    cross_attention_dim: int = attrs.field(default=1280, validator=_whole)
    encoder_hid_dim: int | None = attrs.field(default=None, validator=_whole_or_null)
    attention_head_dim: tuple[int, ...] = attrs.field(default=8, converter=_tuple, validator=_wholes)
    only_cross_attention: tuple[bool, ...] = attrs.field(default=False, converter=_tuple, validator=_flags)
    mid_block_only_cross_attention: bool = attrs.field(default=None, validator=_flag)
    cross_attention_norm: str | None = attrs.field(default=None, validator=_among(None, "group_norm"))
    class_embed_type: str | None = attrs.field(default=None, validator=_among(None, "timestep"))
    addition_embed_type_num_heads: int = attrs.field(default=64, validator=_whole)
    resnet_time_scale_shift: str = attrs.field(default="default", validator=_among("default", "scale_shift"))
    resnet_skip_time_act: bool = attrs.field(default=False, validator=_flag)
    resnet_out_scale_factor: float = attrs.field(default=1.0, validator=_divisor)
    time_embedding_dim: int | None = attrs.field(default=None, validator=_whole_or_null)
    time_embedding_act_fn: str | None = attrs.field(default=None, validator=_activation_or_null)

    def __attrs_post_init__(self) -> None:
        """Refuse what does not fit together."""
        levels, groups, head_count = (
            len(self.block_out_channels),
            self.norm_num_groups,
            self.addition_embed_type_num_heads,
        )
        for key in PER_LEVEL:
            if len(getattr(self, key)) != levels:
                raise _refuse(key, getattr(self, key), f"{levels} of them, one for each of block_out_channels")
        if any(width % groups for width in self.block_out_channels):
            raise _refuse("block_out_channels", self.block_out_channels, f"multiples of norm_num_groups = {groups}")
        for head, width in self._heads:
            if width % head:
                raise _refuse("attention_head_dim", head, f"divisors of the {width} channels it is cut from")
        if self.cross_attention_norm is not None and self.cross_attention_dim % TEXT_GROUPS:
            raise _refuse("cross_attention_dim", self.cross_attention_dim, f"multiples of {TEXT_GROUPS}, for its norm")
        if self.text_width % head_count:
            raise _refuse("addition_embed_type_num_heads", head_count, f"divisors of the text's {self.text_width}")
        if self.freq_shift >= self.block_out_channels[0] // 2:
            raise _refuse("freq_shift", self.freq_shift, "numbers below half the first of block_out_channels")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> IFConfig:
        """The configuration in a parsed ``config.json``; keys that begin with an underscore are the writer's own notes.

        Raises:
            ValueError: One line that names the key, its value and what is supported.
        """
        # What diffusers takes these two for when they are left out is another family.
        given = {"addition_embed_type": None, "mid_block_type": "UNetMidBlock2DCrossAttn", **mapping}
        for key, admitted in FIXED.items():
            if key in given and given[key] not in admitted:
                raise _refuse(key, given[key], ", ".join(map(repr, admitted)))
        fields = {field.name: field.default for field in attrs.fields(cls)}
        for key, value in given.items():
            if key not in (*fields, *FIXED, *IDLE) and not key.startswith("_"):
                raise _refuse(key, value, "the keys " + ", ".join(fields))
        for key in ("sample_size", "down_block_types", "up_block_types"):
            if key not in given:
                raise ValueError(f"IF configuration: {key} is missing")
        chosen = {key: given.get(key, default) for key, default in fields.items()}
        if chosen["mid_block_only_cross_attention"] is None:
            chosen["mid_block_only_cross_attention"] = chosen["only_cross_attention"] is True
        widths = chosen["block_out_channels"]
        for key in PER_LEVEL:
            if not isinstance(chosen[key], list | tuple) and isinstance(widths, list | tuple):
                chosen[key] = (chosen[key],) * len(widths)
        return cls(**chosen)

    @property
    def _heads(self) -> list[tuple[int, int]]:
        """Width of a head, and of what it is cut from, wherever there is attention."""
        heads, widths = self.attention_head_dim, self.block_out_channels
        down = zip(self.down_block_types, heads, widths, strict=True)
        up = zip(self.up_block_types, heads, reversed(widths), strict=True)
        return [(head, width) for kind, head, width in (*down, *up) if "Attn" in kind] + [(heads[-1], widths[-1])]

    @property
    def text_width(self) -> int:
        """Features of a token, as the text encoder gives them."""
        return self.encoder_hid_dim or self.cross_attention_dim

    @property
    def time_width(self) -> int:
        """Width of the time features that every block reads."""
        return self.time_embedding_dim or 4 * self.block_out_channels[0]
