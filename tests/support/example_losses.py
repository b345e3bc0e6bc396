"""A role that superpose does not have, with its row, its hook and a plugin that adds a kind of it."""

from typing import ClassVar

import attrs

from superpose import Guidance, option
from superpose.kinds.kind import Kind
from superpose.kinds.roles import Role
from superpose.testing.cases import Case
from superpose.testing.law import Law


class Loss(Kind):
    """How far an image is from what is wanted."""

    role: ClassVar[str] = "loss"


@attrs.frozen(kw_only=True)
class Brightness(Loss):
    """How far the mean of an image is from a brightness."""

    kind = "brightness"
    at: float = option(0.0, doc="the brightness that is wanted", ge=-1, le=1)


@attrs.frozen(kw_only=True)
class Pull(Guidance):
    """Towards images with little loss."""

    kind = "pull"
    loss: Loss = option(doc="what is to be small")

    def denoiser(self, predictor, condition, negative):
        raise NotImplementedError


def cases(instance, sizes):
    """The cases of a loss: one law, wherever it is."""
    yield Case("anywhere", instance, lambda: [Law("is-bounded", lambda: abs(instance.at))])


ROW = Role(
    name="loss",
    interface=f"{__name__}:Loss",
    plural="losses",
    title="Losses",
    text="What is to be small.",
    laws=f"{__name__}:cases",
    in_recipe=False,
)


def register_losses(register):
    """Register losses: call ``register`` with each `Loss` class."""


def plugin():
    """A module that registers a loss and a guidance that names one."""
    return "\n".join(
        [
            f"from {__name__} import Brightness, Pull",
            "from superpose import hookimpl",
            "@hookimpl",
            "def register_losses(register):",
            "    register(Brightness)",
            "@hookimpl",
            "def register_guidances(register):",
            "    register(Pull)",
        ]
    )
