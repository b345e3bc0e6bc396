r"""Embeddings of the noise level: sinusoids of :math:`t`, and the two-layer map that every block reads.

.. math:: e(t) = [\cos(t f_0), \dots, \cos(t f_{h-1}), \sin(t f_0), \dots], \quad f_i = P^{-i / (h - s)}, \; h = w / 2

DDPM (Ho et al. 2020) puts sines first, with :math:`s = 1`; guided-diffusion puts cosines first, with :math:`s = 0`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from superpose_networks import rows
from superpose_networks.activation import Activation, silu_


def sinusoid(
    t: Tensor, width: int, *, cosine_first: bool = True, shift: float = 0.0, period: float = 10_000.0
) -> Tensor:
    r"""Sinusoidal embedding of noise levels.

    Arguments:
        t: Noise levels, shape (N,); whole or fractional.
        width: Number of features; an odd width ends in a zero.
        cosine_first: ``flip_sin_to_cos`` in checkpoint files.
        shift: :math:`s` above, ``freq_shift`` in checkpoint files.
        period: :math:`P`, the longest period over :math:`2\pi`.

    Returns:
        Features, shape (N, width), float32 whatever ``t`` is: half precision cannot hold 999 and 999.5 apart.
    """
    half = width // 2
    exponent = torch.arange(half, dtype=torch.float32, device=t.device) * -math.log(period) / (half - shift)
    angle = t.to(torch.float32)[:, None] * exponent.exp()
    cosine, sine = _cosine(angle), _sine(angle)
    pair = (cosine, sine) if cosine_first else (sine, cosine)
    return torch.cat((*pair, angle.new_zeros(len(angle), width % 2)), dim=1)


_cosine, _sine = rows.pointwise(torch.cos), rows.pointwise(torch.sin)


class TimeEmbedding(nn.Module):
    """Two linear layers with a SiLU (or what a family has) between: (N, width) sinusoids to (N, channels) features."""

    def __init__(self, width: int, channels: int, activation: Activation = silu_) -> None:
        super().__init__()
        self._activation = activation
        self.linear_1 = nn.Linear(width, channels)
        self.linear_2 = nn.Linear(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        return rows.linear(self.linear_2, self._activation(rows.linear(self.linear_1, features)))


class TimeProjections(nn.Module):
    """Every residual block's own linear map of the time features (or of a code), computed as one.

    A network has dozens of these maps, each too small to fill a core, and all read the same vector. In the network's
    ``state_dict`` they are apart again, under their published names: ``<block>.time_emb_proj.weight`` and ``.bias``.

    Arguments:
        network: The network, its blocks already registered, in the order in which they run.
        channels: Width of the features.
        widths: What each block needs, by the block's name in the network.
        attribute: What the network calls these maps.
        name: What a block's own map is called in files.
    """

    def __init__(
        self,
        network: nn.Module,
        channels: int,
        widths: Mapping[str, int],
        attribute: str = "time_projections",
        name: str = "time_emb_proj",
    ) -> None:
        super().__init__()
        self.widths = list(widths.values())
        self.linear = nn.Linear(channels, sum(self.widths))
        self._names = [f"{block}.{name}" for block in widths]
        # The network holds this module, so its hooks must not hold the network: a copy of it has hooks of its own.
        network.register_state_dict_post_hook(partial(_split, attribute))
        network.register_load_state_dict_pre_hook(partial(_join, attribute))

    def parts(self, features: Tensor) -> tuple[Tensor, ...]:
        """The blocks' shares, each (N, width, 1, 1), of features (N, channels)."""
        joined = rows.linear(self.linear, features)[:, :, None, None]
        return torch.split(joined, self.widths, dim=1)

    def published(self, prefix: str, part: str) -> list[str]:
        """Names of the blocks' own maps in a file, for ``part`` "weight" or "bias"."""
        return [f"{prefix}{name}.{part}" for name in self._names]


def _split(attribute: str, network: nn.Module, state: dict[str, Any], prefix: str, _: dict[str, Any]) -> None:
    projections: TimeProjections = getattr(network, attribute)
    for part in ("weight", "bias"):
        whole = state.pop(f"{prefix}{attribute}.linear.{part}")
        state |= dict(zip(projections.published(prefix, part), whole.split(projections.widths), strict=True))


def _join(attribute: str, network: nn.Module, state: dict[str, Any], prefix: str, *_: object) -> None:
    projections: TimeProjections = getattr(network, attribute)
    for part in ("weight", "bias"):
        names = projections.published(prefix, part)
        if all(name in state for name in names):
            first = state[names[0]]
            whole = first.new_empty(sum(projections.widths), *first.shape[1:])
            for name, piece in zip(names, whole.split(projections.widths), strict=True):
                piece.copy_(state.pop(name))  # part by part, each leaving memory as its copy enters
            state[f"{prefix}{attribute}.linear.{part}"] = whole
