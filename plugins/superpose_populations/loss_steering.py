r"""FK steering by any loss: particles are drawn from :math:`p(x_0) \exp(-\lambda L(x_0))`, with no gradient.

The reward of `superpose_populations.fk_steering` is :math:`-L`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Loss, Potential, option, problems_of, refuse
from superpose_populations.fk_steering import ByReward
from superpose_populations.likelihood import Decode, decoded, decoder

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import BoundLoss, Context, Model, Problem, Reading


@attrs.frozen(kw_only=True)
class LossSteering(ByReward):
    """Steers particles towards whatever a loss wants of the image, with no gradient of it.

    The loss is asked of the whole picture, decoded where the model paints latents: ``superpose kinds loss`` lists what
    can be wanted. Those that are distances are as large as images are, so that ``scale`` is to be tried out.
    """

    kind = "loss-steering"
    loss: Loss = option(doc="what is wanted of the image: a table with its kind")

    def problems(self, model: Model, prompts: Sequence[str]) -> Iterator[Problem]:
        """A loss that does not fit the pictures."""
        del prompts
        yield from (problem.inside("loss") for problem in problems_of(self.loss.problems, model.image_shape))

    def bind(self, context: Context, readings: Sequence[Reading]) -> Potential:
        """The potential, with the files of the loss read."""
        del readings
        canvas = context.canvas
        refuse(problems_of(self.loss.problems, canvas.image_shape))
        return self.steering(Gain(self.loss.bound_to(canvas.image_shape, canvas.device), decoder(canvas)))


@attrs.frozen(eq=False)
class Gain:
    """The reward of a loss: what is not lost.

    Attributes:
        loss: Of pictures.
        decode: From states to pictures; None where states are pictures.
    """

    loss: BoundLoss
    decode: Decode | None = None

    def __call__(self, states: Tensor) -> Tensor:
        """The reward of each state, shape (N x K,)."""
        return -self.loss.of(decoded(states, self.decode))
