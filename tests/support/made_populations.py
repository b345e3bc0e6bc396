"""Populations that need no classifier: by a reward that is a function of the state."""

from __future__ import annotations

import attrs

from superpose import Potential, Resampled


@attrs.frozen(kw_only=True)
class Bright(Resampled):
    """Bright images are heavy."""

    kind = "bright"

    def bind(self, context, readings):
        """The potential."""
        return Brightness()


class Brightness(Potential):
    """Weighs by how much brighter the clean image has become."""

    def weigh(self, made, memory):
        """The change of the mean, remembered from the weighing before."""
        seen = made.estimate.clean.flatten(1).mean(1) * 20
        before = memory[0] if memory else seen * 0
        return seen - before, (seen,)
