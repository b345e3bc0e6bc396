"""Configurations of EDM's networks: the arguments that a file records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from superpose import RecipeError
from superpose_edm.preconditioning import PRECONDITIONINGS, Preconditioning
from superpose_networks import Checks, as_tuple

CHECK = Checks("EDM configuration")
NETWORKS = ("SongUNet", "DhariwalUNet")
#: Arguments of one kind of network alone, with their defaults there.
_SONG = {"model_channels": 128, "channel_mult": (1, 2, 2, 2), "num_blocks": 4, "attn_resolutions": (16,)}
_DHARIWAL = {"model_channels": 192, "channel_mult": (1, 2, 3, 4), "num_blocks": 3, "attn_resolutions": (32, 16, 8)}
#: Arguments that matter in training only.
_TRAINING = ("dropout", "label_dropout", "augment_dim", "use_fp16", "preconditioning", "epsilon_t")


@attrs.frozen(kw_only=True)
class EDMConfig:
    """A network and its preconditioning. Names are those of EDM's arguments; defaults depend on ``model_type``."""

    preconditioning: str
    around: Preconditioning
    model_type: str = attrs.field(validator=CHECK.among(*NETWORKS))
    img_resolution: int = attrs.field(validator=CHECK.whole(1))
    img_channels: int = attrs.field(validator=CHECK.whole(1))
    label_dim: int = attrs.field(default=0, validator=CHECK.whole(0))
    model_channels: int = attrs.field(validator=CHECK.whole(1))
    channel_mult: tuple[int, ...] = attrs.field(converter=as_tuple, validator=CHECK.all_whole(1))
    channel_mult_emb: int = attrs.field(default=4, validator=CHECK.whole(1))
    num_blocks: int = attrs.field(validator=CHECK.whole(1))
    attn_resolutions: tuple[int, ...] = attrs.field(converter=as_tuple, validator=CHECK.all_whole(1, empty=True))
    embedding_type: str = attrs.field(default="positional", validator=CHECK.among("positional", "fourier"))
    channel_mult_noise: int = attrs.field(default=1, validator=CHECK.whole(1))
    encoder_type: str = attrs.field(default="standard", validator=CHECK.among("standard", "skip", "residual"))
    decoder_type: str = attrs.field(default="standard", validator=CHECK.among("standard", "skip"))
    resample_filter: tuple[float, ...] = attrs.field(default=(1, 1), converter=as_tuple, validator=CHECK.all_numbers())

    @property
    def song(self) -> bool:
        """True where the network is one of the score SDE's, DDPM++ or NCSN++, and not OpenAI's."""
        return self.model_type == "SongUNet"

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level."""
        return tuple(self.model_channels * multiple for multiple in self.channel_mult)

    @property
    def written(self) -> int:
        """Channels that the network writes: with a variance, which is not used, where it was trained as iDDPM."""
        return self.img_channels * (2 if self.preconditioning == "iDDPMPrecond" else 1)

    @property
    def eps(self) -> float:
        """Of every group norm."""
        return 1e-6 if self.song else 1e-5

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], source: str) -> EDMConfig:
        """The arguments in a file.

        Raises:
            RecipeError: One line that names what is not known.
        """
        name = mapping.get("preconditioning")
        if not isinstance(name, str) or name not in PRECONDITIONINGS:
            raise RecipeError(f"{source} holds a {name}, which is not one of {', '.join(PRECONDITIONINGS)}")
        kind, network = PRECONDITIONINGS[name]
        own = set(attrs.fields_dict(kind))  # type: ignore[arg-type]  # each of them is an attrs class
        told = {key: value for key, value in mapping.items() if key in own}
        for key, value in told.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise RecipeError(f"{source}: {key} = {value!r} is not supported; supported: numbers")
        around = kind(**told)
        rest = {key: value for key, value in mapping.items() if key not in own and key not in _TRAINING}
        network = rest.setdefault("model_type", network)
        defaults: dict[str, Any] = _SONG if network == "SongUNet" else _DHARIWAL
        try:
            return cls(preconditioning=name, around=around, **(defaults | rest))
        except (TypeError, ValueError) as error:
            raise RecipeError(f"{source}: {str(error).removeprefix('EDMConfig.__init__() ')}") from error
