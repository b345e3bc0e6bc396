"""Guidance of a part of the image that sees nothing but the part.

What a network says of the whole is taken apart, and a guidance is told the coefficients of one part as if a network had
said them: lengths, angles and contrasts that it measures are those of the part. Networks are asked about the whole,
once for all parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

from superpose import Context, Denoiser, Estimate, Model, NoisePredictor, Prediction, Query, together

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Classifier, Condition, Decomposition, Estimation, Network, NoiseLevel

#: Answers by their identity, with the coefficients of their parts.
Known: TypeAlias = "dict[int, tuple[Prediction, tuple[Tensor, ...]]]"


@attrs.frozen(eq=False)
class InParts(Denoiser):
    """A denoiser for each part, told of that alone; their estimates are put together.

    Attributes:
        decomposition: How images are taken apart.
        denoisers: One a part, in the order of the parts, which ask networks as `Lens.of` has them.
    """

    decomposition: Decomposition
    denoisers: tuple[Denoiser, ...]

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask for all parts at once."""
        known: Known = {}
        runs = [_told(denoiser.estimate(x, level), level, known) for denoiser in self.denoisers]
        parts = yield from together(runs)
        variances = [part.variance for part in parts if part.variance is not None]
        renoise = [part.clean if part.renoise is None else part.renoise for part in parts]
        return Estimate(
            self.decomposition.synthesis([part.clean for part in parts]),
            sum(variances[1:], start=variances[0]) / len(variances) if variances else None,
            self._gradient(parts),
            None if all(part.renoise is None for part in parts) else self.decomposition.synthesis(renoise),
        )

    def _gradient(self, parts: Sequence[Estimate]) -> Tensor | None:
        """Gradient of each part, in that part: one is of the whole image."""
        total = None
        for name, part in zip(self.decomposition.names, parts, strict=True):
            if part.guidance_gradient is not None:
                gradient = self.decomposition.part(name)(part.guidance_gradient)
                total = gradient if total is None else total + gradient
        return total


class Lens:
    """One part of what networks say.

    Attributes:
        decomposition: How images are taken apart.
        number: The part, by its place.
        context: Where networks are read, and prompts told, once for all parts.
    """

    def __init__(self, decomposition: Decomposition, number: int, context: Context) -> None:
        self.decomposition, self.number, self.context = decomposition, number, context
        self._seen: dict[NoisePredictor, PartPredictor] = {}

    def of(self, network: NoisePredictor) -> PartPredictor:
        """A network seen through it: one object for each network."""
        if network not in self._seen:
            self._seen[network] = PartPredictor(network, self)
        return self._seen[network]

    @property
    def inside(self) -> Context:
        """The context of a guidance that sees the part alone."""
        return Context(self.context.canvas, self._read, self.context.unconditional)

    def _read(self, kind: Model | Classifier) -> Network:
        return self.of(self.context.load(kind)) if isinstance(kind, Model) else self.context.load(kind)


class PartPredictor(NoisePredictor):
    """A network of whose clean image one part is seen; `InParts` asks it about the whole.

    Attributes:
        network: The network.
        lens: Which part.
    """

    parameterization = "sample"

    def __init__(self, network: NoisePredictor, lens: Lens) -> None:
        self.network, self.lens = network, lens
        self.schedule, self.shape, self.device = network.schedule, network.shape, network.device
        self.learned_variance, self.process = network.learned_variance, network.process
        self.concat_conditioning, self.differentiable = network.concat_conditioning, network.differentiable
        self.interpolation = network.interpolation

    def condition(self, prompt: str) -> Condition:
        """That of the network, one object for all parts."""
        return self.lens.context.condition(self.network, prompt)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """The part, asked for outside of `InParts`."""
        answer = self.network.predict(x, level, conditioning)
        return answer._replace(output=self._parts(x, level, answer)[self.lens.number])

    def told(self, query: Query, level: NoiseLevel, whole: Prediction, known: Known) -> Prediction:
        """The answer of the network, of the part alone."""
        if id(whole) not in known:
            known[id(whole)] = whole, self._parts(query.x, query.level or level, whole)
        return whole._replace(output=known[id(whole)][1][self.lens.number])

    def _parts(self, x: Tensor, level: NoiseLevel, whole: Prediction) -> tuple[Tensor, ...]:
        """The coefficients of all parts of the clean image that the network's answer speaks of."""
        state = x[:, : self.shape[0]]
        clean = self.network.process.read(self.network.parameterization, whole.output, state, level)
        return self.lens.decomposition.analysis(clean)


def _told(run: Estimation, level: NoiseLevel, known: Known) -> Estimation:
    """Drive an estimate whose networks are asked about the whole, and which is told a part of what they say.

    Arguments:
        run: The estimate.
        level: The level that it is asked at.
        known: Answers that have been taken apart: other parts ask the same.
    """
    answers: list[Prediction] | None = None
    while True:
        try:
            queries = next(run) if answers is None else run.send(answers)
        except StopIteration as stop:
            estimate: Estimate = stop.value
            return estimate
        asked = [(query, _of_a_part(query)) for query in queries]
        wholes = yield [query._replace(predictor=part.network) if part else query for query, part in asked]
        answers = [
            part.told(query, level, whole, known) if part else whole
            for (query, part), whole in zip(asked, wholes, strict=True)
        ]


def _of_a_part(query: object) -> PartPredictor | None:
    """The network that is asked, where it is one of which a part is seen: a query may ask a memory, too."""
    return query.predictor if isinstance(query, Query) and isinstance(query.predictor, PartPredictor) else None
