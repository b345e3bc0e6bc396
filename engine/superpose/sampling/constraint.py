"""Constraints: rules that the trajectory obeys. They edit the state or the clean image and say whether they jumped.

A jump is any edit that a smooth trajectory would not have made: a multistep scheduler then drops its history.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import attrs

from superpose.estimate.blame import article, blamed, must_be_like
from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.predictor import Conditioning, NoisePredictor
    from superpose.levels.noise_level import NoiseLevel
    from superpose.levels.plan import Plan
    from superpose.sampling.noise import StepNoise

#: What a constraint needs of the scheduler: see `Constraint`.
Need = Literal["stochastic", "deterministic", "single_step"]


class Edit(NamedTuple):
    """What a constraint made of a tensor, and whether that was a jump."""

    value: Tensor
    jumped: bool = True


def judged(edit: object, x: Tensor, constraint: Constraint, hook: str) -> Edit:
    """What a hook made of ``x``.

    Raises:
        PluginError: If it is no `Edit` of a tensor of that shape; says whose hook it is.
    """
    if not isinstance(edit, Edit):
        blamed(constraint, hook, f"returns {article(edit)}, and must return a superpose.Edit(value, jumped=...)")
    must_be_like(edit.value, x, constraint, hook)
    # Whoever has differentiated something leaves its graph behind: a trajectory keeps none.
    return edit._replace(value=edit.value.detach()) if edit.value.requires_grad else edit


@attrs.frozen
class Canvas:
    """What a constraint is fitted to.

    Attributes:
        shape: (C, H, W) of one state: of the image, or of its latent.
        device: Where samples live.
        image_shape: (C, H, W) of one picture; as ``shape``, unless the state is a latent.
        encode: From pictures (N, *image_shape) to states (N, *shape). None in `Constraint.check`.
        predictor: The network; None in `Constraint.check`. While a recipe is only checked, `Constraint.bind` is given
            a stand-in that has read no weights.
        denoiser: What the image shows, clipped as sampling clips it; None likewise.
        batch_size: Rows of a forward pass of the run, for one that asks the network itself; see `BatchedEvaluator`.
    """

    shape: tuple[int, int, int]
    device: torch.device | str = "cpu"
    image_shape: tuple[int, int, int] = attrs.field()
    encode: Callable[[Tensor], Tensor] | None = None
    predictor: NoisePredictor | None = None
    denoiser: Denoiser | None = None
    batch_size: int | None = None

    @image_shape.default
    def _pixels(self) -> tuple[int, int, int]:
        return self.shape

    @classmethod
    def of(cls, predictor: NoisePredictor, denoiser: Denoiser | None = None, batch_size: int | None = None) -> Canvas:
        """What the states of a predictor are, and what the image shows."""
        about = predictor.shape, predictor.device, predictor.image_shape, predictor.encode
        return cls(*about, predictor, denoiser, batch_size)

    def state_of(self, picture: Tensor) -> Tensor:
        """The state of one picture (*image_shape); zeros for a latent one as long as no weights have been read."""
        if self.encode is not None:
            return self.encode(picture[None])[0]
        return picture if self.image_shape == self.shape else picture.new_zeros(self.shape)


class Constraint(Kind, ABC):
    """A constraint. Kinds are frozen attrs classes; a hook left alone costs nothing.

    A hook that a constraint overrides and that never fires is an error at the end of the run.
    Hooks never write to the tensors they are given. ``x`` has shape (N, C, H, W).

    Attributes:
        needs: What it demands of the scheduler: ``stochastic``, ``deterministic`` or ``single_step``.
    """

    role: ClassVar[str] = "constraint"
    needs: ClassVar[frozenset[Need]] = frozenset()

    def check(self, canvas: Canvas) -> None:
        """Raise `RecipeError` if its files or options do not fit ``canvas``; called before any weight is read."""

    def bind(self, canvas: Canvas) -> Constraint:
        """This constraint with its files read, as tensors on the canvas's device."""
        del canvas
        return self

    def bound_to(self, canvas: Canvas) -> Constraint:
        """What `bind` gives, known to be bound even where it is of this same class.

        Raises:
            PluginError: If `bind` gives something else than a constraint.
        """
        bound = self.bind(canvas)
        if not isinstance(bound, Constraint):
            blamed(self, "bind", f"returns {article(bound)}, and must return a superpose.Constraint")
        object.__setattr__(bound, "_bound", True)
        return bound

    @property
    def is_bound(self) -> bool:
        """Whether its files have been read: it is from `bound_to`, or has nothing to bind."""
        return getattr(self, "_bound", False) or type(self).bind is Constraint.bind

    def scaled(self, factor: float) -> Constraint | None:
        """The same rule at a later stage, whose pictures are ``factor`` times as large; None where there is none."""
        del factor
        return None

    def conditioned(self, conditioning: Conditioning | None) -> Constraint:
        """This constraint for samples beside which ``conditioning`` is laid, for one that asks the network itself."""
        del conditioning
        return self

    def plan(self, plan: Plan) -> Plan:
        """The plan it wants: one that starts late, climbs or repeats."""
        return plan

    def along(self, plan: Plan) -> Constraint:
        """This constraint for the plan that is run, with every constraint's wishes in it; called by the trajectory."""
        del plan
        return self

    def start(self, x: Tensor, plan: Plan, noise: StepNoise) -> Edit:
        """Make the starting state, at level ``plan.moments[0]``; one constraint of a run may."""
        del plan, noise
        return Edit(x, jumped=False)

    def before(self, x: Tensor, here: NoiseLevel, noise: StepNoise) -> Edit:
        """Edit the state at level ``here``, before the networks are asked."""
        del here, noise
        return Edit(x, jumped=False)

    def on_clean(self, clean: Tensor, here: NoiseLevel) -> Edit:
        """Edit the clean image that the networks see in the state at level ``here``."""
        del here
        return Edit(clean, jumped=False)

    def after(self, x: Tensor, there: NoiseLevel, noise: StepNoise) -> Edit:
        """Edit the state after a step, at the level ``there`` that it has reached."""
        del there, noise
        return Edit(x, jumped=False)

    def finish(self, image: Tensor) -> Tensor:
        """Edit the finished picture, which has been decoded where states are latents."""
        return image

    def hooks(self) -> frozenset[str]:
        """Names of the hooks that this constraint overrides."""
        names = ("plan", "start", "before", "on_clean", "after", "finish")
        return frozenset(name for name in names if getattr(type(self), name) is not getattr(Constraint, name))
