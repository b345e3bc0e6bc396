"""The configuration of an IF network: ``config.json`` of a ``UNet2DConditionModel`` with IF's blocks, checked.

Keys and defaults are those of diffusers. Every key is understood, without effect on these blocks, or refused: a network
built from half of its configuration runs and is wrong. One class of diffusers serves a dozen families, hence so many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from superpose_networks import Checks, is_whole

CHECK = Checks("IF configuration")
#: Groups of the norm of the text, whatever the other norms have.
TEXT_GROUPS = 32

ACTIVATIONS = ("silu", "swish", "mish", "gelu", "relu")
DOWN = ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D")
UP = ("ResnetUpsampleBlock2D", "SimpleCrossAttnUpBlock2D")

#: What keys with few values may be; of those that only other families need, the value that turns them off.
ADMITTED: dict[str, tuple[Any, ...]] = {
    "_class_name": ("UNet2DConditionModel",), "addition_embed_type": ("text",),
    "mid_block_type": ("UNetMidBlock2DSimpleCrossAttn",), "down_block_types": DOWN, "up_block_types": UP,
    "act_fn": ACTIVATIONS, "time_embedding_act_fn": (None, *ACTIVATIONS), "class_embed_type": (None, "timestep"),
    "cross_attention_norm": (None, "group_norm"), "resnet_time_scale_shift": ("default", "scale_shift"),
    "encoder_hid_dim_type": (None, "text_proj"), "time_embedding_type": ("positional",), "attention_type": ("default",),
    "conv_in_kernel": (3,), "conv_out_kernel": (3,), "class_embeddings_concat": (False,), "time_cond_proj_dim": (None,),
    "num_attention_heads": (None,), "num_class_embeds": (None,), "timestep_post_act": (None,),
}  # fmt: skip
#: Keys that the blocks of other families read, and these do not.
IDLE = (
    "dual_cross_attention", "use_linear_projection", "upcast_attention", "transformer_layers_per_block",
    "reverse_transformer_layers_per_block", "addition_time_embed_dim", "projection_class_embeddings_input_dim",
    "downsample_padding",
)  # fmt: skip
#: Keys with a value for each level; one value stands for all.
PER_LEVEL = ("down_block_types", "up_block_types", "layers_per_block", "attention_head_dim", "only_cross_attention")
LISTS = (*PER_LEVEL, "block_out_channels")
#: What the values of the other keys must be, or the items of their lists.
FORMS: tuple[tuple[str, Callable[[Any], bool], tuple[str, ...]], ...] = (
    ("whole numbers from 1", lambda value: is_whole(value, 1), (
        "sample_size", "in_channels", "out_channels", "block_out_channels", "layers_per_block", "attention_head_dim",
        "norm_num_groups", "cross_attention_dim", "addition_embed_type_num_heads",
    )),
    ("whole numbers from 1, or null", lambda value: value is None or is_whole(value, 1),
        ("encoder_hid_dim", "time_embedding_dim")),
    ("numbers from 0", lambda value: type(value) in (int, float) and value >= 0, ("freq_shift", "norm_eps", "dropout")),
    ("numbers above 0", lambda value: type(value) in (int, float) and value > 0,
        ("mid_block_scale_factor", "resnet_out_scale_factor")),
    ("true or false", lambda value: isinstance(value, bool), (
        "center_input_sample", "flip_sin_to_cos", "resnet_skip_time_act", "only_cross_attention",
        "mid_block_only_cross_attention",
    )),
)  # fmt: skip


@attrs.frozen(kw_only=True)
class IFConfig:
    """Configuration of an `IFUNet`. Field names are the keys of ``config.json``.

    ``attention_head_dim`` is the width of a head in these blocks, although it is a number of heads in Stable
    Diffusion's, which the same class of diffusers builds. Where it is a list, the way up reads it in the order of the
    way down, as diffusers does; the lists of layers and of ``only_cross_attention`` are turned round.
    """

    sample_size: int
    in_channels: int = 4
    out_channels: int = 4
    center_input_sample: bool = False
    flip_sin_to_cos: bool = True
    freq_shift: float = 0
    down_block_types: tuple[str, ...]
    up_block_types: tuple[str, ...]
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    layers_per_block: tuple[int, ...] = attrs.field(default=2)
    mid_block_scale_factor: float = 1
    dropout: float = 0.0
    act_fn: str = "silu"
    norm_num_groups: int = 32
    norm_eps: float = 1e-5
    cross_attention_dim: int = 1280
    encoder_hid_dim: int | None = None
    attention_head_dim: tuple[int, ...] = attrs.field(default=8)
    only_cross_attention: tuple[bool, ...] = attrs.field(default=False)
    mid_block_only_cross_attention: bool = attrs.field(default=None)
    cross_attention_norm: str | None = None
    class_embed_type: str | None = None
    addition_embed_type_num_heads: int = 64
    resnet_time_scale_shift: str = "default"
    resnet_skip_time_act: bool = False
    resnet_out_scale_factor: float = 1.0
    time_embedding_dim: int | None = None
    time_embedding_act_fn: str | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what does not fit together."""
        groups, heads = self.norm_num_groups, self.addition_embed_type_num_heads
        for key in PER_LEVEL:
            if len(getattr(self, key)) != len(self.block_out_channels):
                raise CHECK.refused(key, getattr(self, key), "a value for each of block_out_channels")
        if any(width % groups for width in self.block_out_channels):
            raise CHECK.refused(
                "block_out_channels", self.block_out_channels, f"multiples of norm_num_groups = {groups}"
            )
        for head, width in self._heads:
            if width % head:
                raise CHECK.refused("attention_head_dim", head, f"divisors of the {width} channels it is cut from")
        if self.cross_attention_norm is not None and self.cross_attention_dim % TEXT_GROUPS:
            raise CHECK.refused(
                "cross_attention_dim", self.cross_attention_dim, f"multiples of {TEXT_GROUPS}, for its norm"
            )
        if self.text_width % heads:
            raise CHECK.refused("addition_embed_type_num_heads", heads, f"divisors of the text's {self.text_width}")
        if self.freq_shift >= self.block_out_channels[0] // 2:
            raise CHECK.refused("freq_shift", self.freq_shift, "numbers below half the first of block_out_channels")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> IFConfig:
        """The configuration in a parsed ``config.json``; keys that begin with an underscore are the writer's own notes.

        Raises:
            ValueError: One line that names the key, its value and what is supported.
        """
        # Where these are left out, diffusers takes the network for one of another family.
        given = {"_class_name": "UNet2DConditionModel", "addition_embed_type": None, "mid_block_type": None, **mapping}
        fields = attrs.fields_dict(cls)
        for key, value in given.items():
            if key not in (*fields, *ADMITTED, *IDLE) and not key.startswith("_"):
                raise CHECK.refused(key, value, "the keys " + ", ".join(fields))
            if key in ADMITTED and any(one not in ADMITTED[key] for one in _items(value)):
                raise CHECK.refused(key, value, ", ".join(map(repr, ADMITTED[key])))
        chosen: dict[str, Any] = {key: given.get(key, field.default) for key, field in fields.items()}
        for key in ("sample_size", "down_block_types", "up_block_types"):
            if key not in given:
                raise ValueError(f"IF configuration: {key} is missing")
        if chosen["mid_block_only_cross_attention"] is None:
            chosen["mid_block_only_cross_attention"] = chosen["only_cross_attention"] is True
        for words, holds, keys in FORMS:
            for key in keys:
                if not all(map(holds, _items(chosen[key]) if key in LISTS else (chosen[key],))):
                    raise CHECK.refused(key, chosen[key], words)
        chosen["block_out_channels"] = widths = _items(chosen["block_out_channels"])
        for key in PER_LEVEL:
            chosen[key] = _items(chosen[key]) * (1 if isinstance(chosen[key], list | tuple) else len(widths))
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


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
