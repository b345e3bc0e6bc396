"""Interpolation as recipes say it: ``[interpolate]`` beside a prompt."""

from __future__ import annotations

from typing import get_args

import attrs

from superpose.estimate.interpolation import interpolated_name
from superpose.estimate.predictor import InterpolationPath
from superpose.kinds.kind import option


@attrs.frozen(kw_only=True)
class Interpolation:
    """The way from the prompt beside it to another: the image shows what the network is told between the two.

    It is told a point between the encodings of both prompts, or between their codes. The same noise for every ``mix``
    makes one picture become another; at 0 and at 1 it is that of either prompt, bit for bit.
    """

    to: str = option(doc="the prompt at the end of the way")
    mix: float = option(0.5, doc="how far: 0 is the prompt beside it, 1 the other", ge=0, le=1)
    path: InterpolationPath | None = option(
        None, doc="along the sphere, or along a line; unset: as the model has it", choices=get_args(InterpolationPath)
    )

    def name(self, prompt: str) -> str:
        """The prompt that is shown: at an end its own, and between a name for people to read."""
        if self.mix in (0, 1):
            return self.to if self.mix else prompt
        return interpolated_name(prompt, self.to, self.mix)

    def along(self, own: InterpolationPath | None) -> InterpolationPath:
        """The path; ``own`` is the model's."""
        return self.path or own or "slerp"
