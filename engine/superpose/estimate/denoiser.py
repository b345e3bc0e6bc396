"""Denoisers: what estimates the clean image behind a noisy one; those that ask a network, and those that know.

Estimates are coroutines. They yield the questions they have and are sent the answers, so that a tree of any
depth is answered with one forward pass of each network per round. Trees are made by `superpose.estimate.mix`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose.errors import LawError
from superpose.estimate.blame import must_be_rows
from superpose.estimate.parts import parts_of
from superpose.estimate.prediction import Estimate
from superpose.estimate.query import Query

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.prediction import Prediction
    from superpose.estimate.predictor import Condition, NoisePredictor
    from superpose.estimate.query import Estimation
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel


class Denoiser(ABC):
    """Estimates the clean image behind a noisy one."""

    #: Whether it goes by the states before, which steps alone must have led to: no rule may edit them.
    reads_path: ClassVar[bool] = False

    @abstractmethod
    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Yield questions, receive their answers in order, return the estimate.

        Arguments:
            x: Noisy states, shape (N, C, H, W), float32, and what is laid beside them. Never written to.
            level: Their noise level.
        """

    def check(self, shape: Shape) -> None:
        """Raise `LawError` if the law is broken on images of ``shape`` (C, H, W).

        As it is, it checks the denoisers among this one's fields, on images of the same shape.
        """
        for inner in parts_of(self):
            inner.check(shape)

    def with_dispersion(self) -> Denoiser:
        r"""The same denoiser, whose estimates have their `Estimate.dispersion`.

        Where the score of :math:`\prod_i q_i^{b_i}`, with :math:`\sum_i b_i = 1`, is what it makes of those of the
        densities :math:`q_i`, the dispersion of their clean images is

        .. math:: V = \sum_i b_i\, \|D_i - D\|^2, \qquad D = \sum_i b_i D_i

        each seen as the image is. It may be negative, as the shares may be. One that asks others hands on theirs:
        ``return attrs.evolve(self, inner=self.inner.with_dispersion())``. As it is, it has no densities.

        Raises:
            LawError: If it is no product of densities.
        """
        raise LawError(f"{type(self).__name__} is no product of densities")

    def __call__(self, x: Tensor, level: NoiseLevel) -> Estimate:
        """Estimate at once, all rows in one block: short for `evaluate`."""
        from superpose.estimate.batching import evaluate

        return evaluate(self, x, level)


@attrs.frozen(eq=False)
class Prompted(Denoiser):
    """A noise predictor that has been told what to see."""

    predictor: NoisePredictor
    condition: Condition

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask the network once and read the clean image off its answer."""
        [prediction] = yield [self.question(x)]
        return self.read(prediction, x, level)

    def question(self, x: Tensor) -> Query:
        """All that it asks about states ``x``."""
        return Query(self.predictor, x, self.condition)

    def read(self, prediction: Prediction, x: Tensor, level: NoiseLevel) -> Estimate:
        """What the answer says.

        Raises:
            PluginError: If the process reads no tensor off it, with a row for each state; says whose it is.
        """
        predictor = self.predictor
        channels = predictor.shape[0]  # what is laid beside the state is no part of the image
        state = x if x.shape[1] == channels else x[:, :channels]
        clean = predictor.process.read(predictor.parameterization, prediction.output, state, level)
        # Not of the size of the state: guidance in parts has smaller bands of an answer read.
        must_be_rows(clean, predictor.process, "read", len(state))
        return Estimate(clean, prediction.variance)

    def with_dispersion(self) -> Denoiser:
        """Itself: it is one density."""
        return self


@attrs.frozen(eq=False)
class Known(Denoiser):
    """Sure of the answer already: the clean image is ``image``, shape (C, H, W) or (N, C, H, W)."""

    image: Tensor

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:  # noqa: ARG002
        """Return the image, asking nothing."""
        return Estimate(self.image.to(x).expand(len(x), *self.image.shape[-3:]))
        yield []


def prompted(predictor: NoisePredictor, prompt: str | Condition) -> Prompted:
    """A predictor told what to see: a prompt, or a condition made before so that equal questions are asked once."""
    return Prompted(predictor, predictor.condition(prompt) if isinstance(prompt, str) else prompt)
