"""Needs: what one piece of a composition demands of the others, as its kind says it."""

from __future__ import annotations

from typing import Literal

#: Demands of a scheduler, that it is ``stochastic``, ``deterministic``, ``single_step`` or ``renoising`` (it obeys
#: `Estimate.renoise`); and of a network, that it is ``differentiable``.
Need = Literal["stochastic", "deterministic", "single_step", "renoising", "differentiable"]
