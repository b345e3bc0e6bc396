"""Queries: what estimates ask of networks, and what an estimate is while it asks."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, runtime_checkable

from superpose.estimate.prediction import Estimate, Prediction

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.attention import Tap
    from superpose.estimate.classifier import ClassifierPredictor
    from superpose.estimate.predictor import Condition, NoisePredictor
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel

#: A network as guidance may load it.
Network: TypeAlias = "NoisePredictor | ClassifierPredictor"


class Query(NamedTuple):
    """A question for a network: what do you say of ``x``, told ``condition``?  x has shape (N, C, H, W).

    A classifier answers with the gradient of the condition's log-probability.

    Attributes:
        gradient: Whether torch is to differentiate through the answer; `differentiable` sets it for whole estimates.
        level: Noise level of ``x``, where it is not the one that the whole is asked at; `OwnLevels` sets it.
        taps: Read or replace attention while the network answers; each sees what the one before it has put in place.
    """

    predictor: Network
    x: Tensor
    condition: Condition
    gradient: bool = False
    level: NoiseLevel | None = None
    taps: tuple[Tap, ...] = ()


#: An estimate being made: it yields lists of queries for networks, gets their predictions, and returns an `Estimate`.
Estimation = Generator[list[Query], list[Prediction], Estimate]


@runtime_checkable
class Estimating(Protocol):
    """As much of a `Denoiser` as those need who drive one."""

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Yield queries, receive their answers in order, return the estimate."""

    def check(self, shape: Shape) -> None:
        """Raise `LawError` if the law is broken on images of ``shape``."""
