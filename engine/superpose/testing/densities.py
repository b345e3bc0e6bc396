r"""The law of dispersions: what a denoiser says of its densities is what its clean image shows of them.

Question j to a network is answered by :math:`x / \alpha + u_j`. Then the clean image is :math:`\sum_j b_j u_j` away
from :math:`x / \alpha`, each seen as the image is, and the dispersion V must make

.. math:: V + \Big\|\sum_j b_j u_j\Big\|^2 = \sum_j b_j \|u_j\|^2

whose terms are found one by one. Nothing is known of the denoiser for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.errors import LawError
from superpose.testing.probes import TOLERANCE, gap, noise

if TYPE_CHECKING:
    from collections.abc import Collection

    from torch import Tensor

    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.prediction import Estimate, Prediction
    from superpose.estimate.query import Query
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel

#: Length of what is added to each answer.
LENGTH = 4.0


def check_dispersion(denoiser: Denoiser, shape: Shape, level: NoiseLevel) -> float:
    """Hold what a denoiser says of its dispersion to the law, asking no network.

    Arguments:
        denoiser: The denoiser, not clipped, of noise predictors alone.
        shape: (C, H, W) of an image.
        level: The level to ask at, which has some signal and some noise.

    Returns:
        How far it is off, relative to its terms.

    Raises:
        LawError: If it has no dispersion, or the law is broken.
    """
    name, probe = type(denoiser).__name__, Probe(denoiser.with_dispersion(), noise(1, *shape), level)
    everything = range(probe.questions())
    plain = attrs.evolve(probe, denoiser=denoiser)
    if (off := gap(probe.estimate(everything).clean, plain.estimate(everything).clean)) > 0:
        raise LawError(f"{name} with its dispersion shows another image than without, by {off:.3g}")
    total, scale = 0.0, 1.0
    for number in everything:
        alone, share = probe.sum({number}), probe.distance({number}) / LENGTH
        scale = max(scale, share * LENGTH**2)
        if (off := abs(abs(alone) - share * LENGTH**2) / scale) > TOLERANCE:
            raise LawError(f"{name}: of one branch alone its dispersion is off by {off:.3g}, relative to its share")
        total += alone
    if (off := abs(probe.sum(everything) - total) / scale) > TOLERANCE:
        raise LawError(f"{name}: its dispersion is off that of its branches by {off:.3g}, relative to theirs")
    return off


@attrs.frozen(eq=False)
class Probe:
    """A denoiser that is shown a state, of which networks say what is told.

    Attributes:
        denoiser: The denoiser.
        x: The state, float64.
        level: Its level.
    """

    denoiser: Denoiser
    x: Tensor
    level: NoiseLevel

    def questions(self) -> int:
        """Number of questions to networks."""
        seen: list[Query] = []
        self.estimate((), seen)
        return len(seen)

    def estimate(self, moved: Collection[int], seen: list[Query] | None = None) -> Estimate:
        """The estimate where the questions with these numbers are answered by something of their own."""
        from superpose.estimate.estimation import answered, begun

        queries: list[Query] = [] if seen is None else seen

        def answer(asked: list[Query]) -> list[Prediction]:
            start = len(queries)
            queries.extend(asked)
            return [self._said(query, start + i, start + i in moved) for i, query in enumerate(asked)]

        return answered(begun(self.denoiser, self.x, self.level), answer)

    def distance(self, moved: Collection[int]) -> float:
        """Distance of the clean image from x / alpha."""
        return float((self.estimate(moved).clean - self.x / self.level.alpha).norm())

    def sum(self, moved: Collection[int]) -> float:
        """The left side of the law."""
        dispersion = self.estimate(moved).dispersion
        return self.distance(moved) ** 2 + (0.0 if dispersion is None else float(dispersion))

    def _said(self, query: Query, number: int, moved: bool) -> Prediction:
        from superpose.estimate.lawful import unchanged
        from superpose.estimate.prediction import Prediction, output_from
        from superpose.estimate.predictor import NoisePredictor

        network, level = query.predictor, query.level or self.level
        if not isinstance(network, NoisePredictor):
            raise LawError(f"{type(network).__name__} is asked, which has no density")
        state = query.x[:, : network.shape[0]]
        clean = unchanged(state, level)
        if moved:
            own = noise(1, *clean.shape[1:], seed=number)
            clean = clean + own * (LENGTH / own.norm())
        learned = None if network.learned_variance == "none" else state * 0
        return Prediction(output_from(network.parameterization, clean, state, level), learned)
