"""Networks as the table ``[run]`` of a recipe wants them: read to a device, in a dtype, compiled, one at a time."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

import attrs

from superpose.errors import Notice
from superpose.estimate.model import Model
from superpose.running.turns import TurnClassifier, TurnPredictor, Turns

if TYPE_CHECKING:
    from collections.abc import Collection

    from superpose.estimate.classifier import Classifier
    from superpose.estimate.predictor import NoisePredictor
    from superpose.estimate.query import Network
    from superpose.estimate.shared_work import SharedWork
    from superpose.recipe.tables import Run

#: What a run says of its networks.
_SAID = ("dtype", "compile", "offload")


@attrs.define(eq=False)
class Networks:
    """Networks of a run, each read once.

    Attributes:
        run: What the recipe says of them.
        device: Where they go.
        shared: What they have done that the next run may need as well; None where there is no next.
    """

    run: Run
    device: str
    shared: SharedWork | None = attrs.field(default=None, kw_only=True)
    _turns: Turns = attrs.field()
    _read: dict[Model | Classifier, Network] = attrs.field(factory=dict)

    @_turns.default
    def _none_yet(self) -> Turns:
        return Turns(lambda kind: kind.load(self.device, self.run.dtype))

    @property
    def kinds(self) -> frozenset[Model | Classifier]:
        """What was read."""
        return frozenset(self._read)

    def serve(self, run: Run, device: str) -> bool:
        """True where another run would read the same on that device."""
        return device == self.device and all(getattr(run, name) == getattr(self.run, name) for name in _SAID)

    def forget(self, needed: Collection[Model | Classifier]) -> None:
        """Let go of networks but for those that are needed still."""
        self._read = {kind: network for kind, network in self._read.items() if kind in needed}
        self._turns.end()
        if self.shared is not None:
            self.shared.forget(self._read.values())

    def hand_over(self) -> None:
        """Leave all that was read to those that hold it: a stage that keeps these keeps no others' networks."""
        self._read = {}

    def copy(self) -> Networks:
        """The same, to which others are added without these knowing."""
        return Networks(self.run, self.device, self._turns, dict(self._read))

    def read(self, kind: Model | Classifier) -> Network:
        """The network of a model or classifier; one whose weights are read when it is asked, where they take turns."""
        if kind not in self._read:
            self._read[kind] = self._new(kind)
        return self._read[kind]

    def predictor(self, model: Model) -> NoisePredictor:
        """The network of a model."""
        return cast("NoisePredictor", self.read(model))

    def _new(self, kind: Model | Classifier) -> Network:
        if self.run.offload == "model":
            return TurnPredictor(kind, self._turns) if isinstance(kind, Model) else TurnClassifier(kind, self._turns)
        network = kind.load(self.device, self.run.dtype)
        if self.run.compile and not network.compile():
            why = f"{kind.role} {kind.kind!r} has no network that torch compiles, and runs as without compile = true"
            warnings.warn(why, Notice, stacklevel=2)
        return network
