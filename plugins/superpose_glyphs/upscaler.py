r"""The upscaler as a noise predictor: it paints large glyphs over small ones.

Conditioning the state lies the small image, enlarged and noised, :math:`y = \alpha_l E(x_{low}) + \sigma_l \epsilon'`.
What is left to find is small, :math:`r = x_0 - \alpha_l y`, of mean square :math:`q^2 = \delta^2 + \sigma_l^2`; and so
is what the network can get wrong of it:

.. math::
    u = \frac{x_t - \alpha_t \alpha_l y}{d}, \quad d^2 = \alpha_t^2 q^2 + \sigma_t^2, \qquad
    x_0 = \alpha_l y + \frac{\alpha_t q^2}{d} u - \frac{\sigma_t q}{d} v_\theta(u, \alpha_l y, t, l)

It is v-prediction (Salimans & Ho 2022, arXiv:2202.00512) of :math:`r / q`, or the preconditioning of EDM (Karras et al.
2022, arXiv:2206.00364) about the enlarged image. A network that had to say v of the large image itself shifted colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from superpose import Conditioning, Forward, LayConditioning, NoiseLevel, RecipeError, StepNoise
from superpose_glyphs.unshuffled import see
from superpose_networks import UNet2D

#: Highest noise level of a small image in training.
HIGHEST = 400

#: How far, in root mean square, an enlarged glyph is from the large one.
DELTA = 0.13

#: A number for all rows or one for each, shape (N, 1, 1, 1).
Scale = Any


def enlarged(low: Tensor) -> Tensor:
    """Images (N, 3, h, w) at twice the sides."""
    return nn.functional.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)


@attrs.frozen(eq=False)
class Residual:
    """Three sizes of what is left to find, at noise levels of the large image and of the small one.

    Attributes:
        seen: d, of what the state shows of it.
        known: Of the part that follows from that without a network.
        wrong: Of the part that the network is asked for.
    """

    seen: Scale
    known: Scale
    wrong: Scale

    @classmethod
    def at(cls, alpha: Scale, sigma: Scale, low_sigma: Scale) -> Residual:
        """At scales of both levels."""
        square = DELTA**2 + low_sigma**2
        seen = (alpha**2 * square + sigma**2) ** 0.5
        return cls(seen, alpha * square / seen, sigma * square**0.5 / seen)


def painted(
    network: UNet2D, x: Tensor, alpha: Scale, base: Tensor, t: Tensor, level: Tensor, residual: Residual
) -> tuple[Tensor, Tensor]:
    """Estimate of the large images, and where their variance lies, both shaped as ``x``.

    Arguments:
        network: It says v of the residual and that place.
        x: Noisy large images, shape (N, 3, H, W).
        alpha: Their scale.
        base: Small images, enlarged and noised, times their scale; shaped as ``x``.
        t: Noise levels of the large images, shape (N,) or ().
        level: Those of the small ones, shape (N,).
        residual: Its sizes at these levels.
    """
    shown = (x - alpha * base) / residual.seen
    said = see(network, torch.cat((shown, base), dim=1).to(network.conv_in.weight.dtype), t, level).float()
    v, place = said.chunk(2, dim=1)
    return base + residual.known * shown - residual.wrong * v, place


def laid(noise_level: int, scales: tuple[float, float], device: str) -> LayConditioning:
    """The small images, enlarged to the size of the noise and noised to ``noise_level``, and how noisy they are.

    ``scales`` are alpha and sigma there. `RecipeError` where there are no small images, or they have another size.
    """

    def lay(low: Tensor | None, noise: StepNoise) -> Conditioning:
        drawn = noise("low")
        small = (3, *(side // 2 for side in drawn.shape[2:]))
        if low is None or low.shape[1:] != small:
            found = "none" if low is None else tuple(low.shape[1:])
            raise RecipeError(f"this upscaler paints over images of {small}, found {found}: put it after such a stage")
        alpha, sigma = scales
        large = enlarged(low.to(device, torch.float32)).mul_(alpha).add_(drawn, alpha=sigma)
        return Conditioning(large, {"level": torch.full((len(low),), noise_level, device=device)})

    return lay


def painting(network: UNet2D, scales: tuple[float, float]) -> Forward:
    """The large images and where their variance lies, beside small ones noised to ``scales``, alpha and sigma."""
    low_alpha, low_sigma = scales

    def forward(x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Tensor:
        state, seen = x.chunk(2, dim=1)
        residual = Residual.at(level.alpha, level.sigma, low_sigma)
        t = torch.full((), level.t, device=x.device)
        return torch.cat(
            painted(network, state, level.alpha, low_alpha * seen, t, conditioning["level"], residual), dim=1
        )

    return forward
