"""Contexts: what a guidance may use besides the network that it guides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, overload

import attrs

from superpose.estimate.canvas import Canvas
from superpose.estimate.interpolation import interpolated
from superpose.estimate.model import Model

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier, ClassifierPredictor
    from superpose.estimate.predictor import Condition, NoisePredictor
    from superpose.estimate.query import Network
    from superpose.estimate.shared_work import SharedWork

#: Reads the network of a model or classifier; where a recipe is only checked, gives a stand-in that reads no weights.
Load: TypeAlias = "Callable[[Model | Classifier], Network]"


@attrs.frozen(eq=False)
class Context:
    """The surroundings of a guidance: other networks, prompts, the canvas.

    Attributes:
        canvas: What is painted on, with the network of the recipe's model as its ``predictor``.
        read: Reads a network.
        unconditional: The prompt that tells that network nothing.
        shared: What runs before this one have done already; None where nobody is before or after.
    """

    canvas: Canvas
    read: Load
    unconditional: str = ""
    shared: SharedWork | None = None
    _networks: dict[Model | Classifier, Network] = attrs.field(factory=dict)
    _conditions: dict[tuple[NoisePredictor, str], Condition] = attrs.field(factory=dict)

    @classmethod
    def of(
        cls,
        predictor: NoisePredictor,
        model: Model | None = None,
        read: Load | None = None,
        shared: SharedWork | None = None,
    ) -> Context:
        """The context of a network, for Python.

        Arguments:
            predictor: The network.
            model: What it was loaded from, so that it is not read again for a guidance that names it too.
            read: Reads other networks; to the device of ``predictor`` when not given.
            shared: What runs before this one have done already.
        """

        def to_its_device(kind: Model | Classifier) -> Network:
            return kind.load(str(predictor.device))

        known: dict[Model | Classifier, Network] = {} if model is None else {model: predictor}
        unconditional = "" if model is None else model.unconditional
        return cls(Canvas.of(predictor), read or to_its_device, unconditional, shared, known)

    def around(self, predictor: NoisePredictor, unconditional: str) -> Context:
        """The same surroundings of another network on the same canvas; what has been read is shared."""
        return Context(Canvas.of(predictor), self.read, unconditional, self.shared, self._networks, self._conditions)

    @overload
    def load(self, kind: Model) -> NoisePredictor: ...
    @overload
    def load(self, kind: Classifier) -> ClassifierPredictor: ...
    def load(self, kind: Model | Classifier) -> Network:
        """The network of a model or classifier, read once; equal kinds share one."""
        if kind not in self._networks:
            self._networks[kind] = self.read(kind)
        return self._networks[kind]

    def condition(self, predictor: NoisePredictor, prompt: str) -> Condition:
        """A prompt as that network is told it: one object, so that equal questions are asked once."""
        key = predictor, prompt
        if key not in self._conditions:
            self._conditions[key] = (
                predictor.condition(prompt)
                if self.shared is None
                else self.shared.do(predictor, ("condition", prompt), lambda: predictor.condition(prompt))
            )
        return self._conditions[key]

    def same(self, predictor: NoisePredictor, condition: Condition) -> Condition:
        """Condition of another network, as that network is told it."""
        if condition.between is None:
            return self.condition(predictor, condition.prompt)
        start, end, mix, path = condition.between
        return interpolated(predictor, self.same(predictor, start), self.same(predictor, end), mix, path)
