r"""Interpolation between prompts, where a network is told them: between their encodings, or codes.

.. math:: \mathrm{slerp}(a, b, m) = \frac{\sin((1 - m)\theta)\,a + \sin(m\theta)\,b}{\sin\theta}, \qquad
          \cos\theta = \frac{a \cdot b}{\lVert a \rVert \lVert b \rVert}

goes along the sphere that encodings lie on (Shoemake 1985; unCLIP, arXiv 2204.06125, sec. 3.2),
:math:`\mathrm{lerp}(a, b, m) = (1 - m)\,a + m\,b` along a line, as diffusion autoencoders do. At 0 and 1 either is an
end itself, bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.estimate.predictor import Between, Condition

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.predictor import InterpolationPath, NoisePredictor

#: Where it comes from.
PAPERS = ("arXiv 2204.06125",)
#: Sine of the angle below which there is no one way along the sphere: the two agree, or are opposite.
LEAST_SINE = 1e-3


def slerp(a: Tensor, b: Tensor, mix: float) -> Tensor:
    """Spherical interpolation of vectors, which lie along the last dimension: ``a`` at 0, ``b`` at 1.

    Vectors that agree, are opposite, or of which one is zero, are joined by a line.

    Arguments:
        a: Shape (..., d).
        b: Shaped as ``a``.
        mix: In [0, 1].
    """
    import torch

    if mix in (0, 1):  # the very same, with no rounding
        return b if mix else a
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=-1).clamp(-1, 1)[..., None]
    theta = cosine.arccos()
    sine = theta.sin()
    nothing = (a.norm(dim=-1, keepdim=True) == 0) | (b.norm(dim=-1, keepdim=True) == 0)
    curved = (torch.sin((1 - mix) * theta) * a + torch.sin(mix * theta) * b) / sine.clamp(min=LEAST_SINE)
    return torch.where((sine < LEAST_SINE) | nothing, torch.lerp(a, b, mix), curved)


def interpolated(
    predictor: NoisePredictor,
    start: str | Condition,
    end: str | Condition,
    mix: float,
    path: InterpolationPath = "slerp",
) -> Condition:
    """A condition between two prompts of a predictor.

    >>> import superpose
    >>> model = superpose.model("glyphs-ldm")
    >>> between = superpose.interpolated(model, "A in red", "O in blue", 0.5)
    >>> between.prompt
    'A in red to O in blue, 0.5'
    >>> shown = superpose.prompted(model, between)

    Arguments:
        predictor: The network.
        start: The prompt at 0.
        end: The prompt at 1.
        mix: The share of ``end``, in [0, 1]; 0 and 1 give the condition of an end itself.
        path: From one to the other.

    Raises:
        RecipeError: If the predictor tells prompts by numbers or masks, between which there is nothing.
    """
    ends = [predictor.condition(one) if isinstance(one, str) else one for one in (start, end)]
    if mix in (0, 1):
        return ends[int(mix)]
    first, last = ends
    name = interpolated_name(first.prompt, last.prompt, mix)
    if set(first.tensors) != set(last.tensors):
        raise RecipeError(
            f"{first.prompt!r} and {last.prompt!r} are told by different tensors: use a [compose] of both"
        )
    tensors = {key: _between(first.tensors[key], last.tensors[key], mix, path) for key in first.tensors}
    return Condition(name, tensors, Between(first, last, mix, path))


def interpolated_name(start: str, end: str, mix: float) -> str:
    """The name of what lies between two prompts, for people to read."""
    return f"{start} to {end}, {mix:g}"


def _between(a: Tensor, b: Tensor, mix: float, path: InterpolationPath) -> Tensor:
    import torch

    if torch.equal(a, b):
        return a
    if not a.is_floating_point():
        raise RecipeError(
            "the prompts of this network are numbers or masks, and between those is nothing: use a [compose] of both, "
            "or a model whose prompts are encoded"
        )
    # One number alone has no direction.
    return slerp(a, b, mix) if path == "slerp" and a.shape[-1] > 1 else torch.lerp(a, b, mix)
