"""Rules: what a trajectory obeys, with all at hand that it needs. A `Constraint` of a recipe is bound to become one.

A rule edits the state or the clean image and says whether it jumped, wraps the denoiser, or makes the steps itself. A
jump is any edit that a smooth trajectory would not have made: a multistep scheduler then drops its history.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import attrs

from superpose.estimate.blame import article, blamed, must_be_like
from superpose.estimate.denoiser import Denoiser
from superpose.kinds.need import Need  # a constraint that is its own rule has its options read, with all annotations

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.prediction import Estimate
    from superpose.estimate.predictor import Conditioning
    from superpose.levels.noise_level import NoiseLevel
    from superpose.levels.plan import Plan
    from superpose.sampling.noise import NoiseLaw, NoiseSource, RuleNoise
    from superpose.sampling.scheduler import Denoise


class Edit(NamedTuple):
    """Edit of a tensor by a rule, and whether that was a jump."""

    value: Tensor
    jumped: bool = True


class Rule(ABC):
    """A rule that a trajectory obeys; a hook left alone costs nothing.

    A hook that a rule overrides and that never fires is an error at the end of the run.
    Hooks never write to the tensors they are given. ``x`` has shape (N, C, H, W).

    Attributes:
        kind: What errors and the noise of this rule are called by: the kind of its constraint.
        needs: What it demands of the scheduler and the network: see `Need`; a property where options say it.
        optimised: Whether it may edit states that are clean images from the first to the last, which gradient steps
            move (`Plan.optimises`). One that edits none may be there without.
        keeps_noise: Whether noise stays what the networks read of a state when `on_clean` moves its clean image, as in
            SyncTweedies; for schedulers that renoise, so that it ``needs`` that.
    """

    kind: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()
    optimised: ClassVar[bool] = False
    keeps_noise: ClassVar[bool] = False

    def conditioned(self, conditioning: Conditioning | None) -> Rule:
        """This rule for samples beside which ``conditioning`` is laid, for one that asks the network itself."""
        del conditioning
        return self

    def plan(self, plan: Plan) -> Plan:
        """The plan it wants: one that starts late, climbs or repeats."""
        return plan

    def along(self, plan: Plan) -> Rule:
        """This rule for the plan that is run, with every rule's wishes in it; called by the trajectory."""
        del plan
        return self

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that is asked instead of ``denoiser``: what the image shows, clipped as sampling clips it.

        Called once, before the run. Of several rules the first is outermost: it wraps what all later ones made. The
        clean image stays lawful: to move it otherwise, edit it in `on_clean` or give a ``guidance_gradient``.
        """
        return denoiser

    def shape_noise(self, noise: Tensor) -> Tensor:
        """Unit normal noise, shape (N, C, H, W), as the process and the scheduler are to have it; one rule may.

        Each value keeps deviation 1. Parts of a state that show one thing may share their noise so.
        """
        return noise

    def start(self, x: Tensor, plan: Plan, noise: RuleNoise) -> Edit:
        """Make the starting state, at level ``plan.levels[0]``; one rule of a run may."""
        del plan, noise
        return Edit(x, jumped=False)

    def before(self, x: Tensor, here: NoiseLevel, noise: RuleNoise) -> Edit:
        """Edit the state at level ``here``, before the networks are asked."""
        del here, noise
        return Edit(x, jumped=False)

    def move(self, denoise: Denoise, x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: RuleNoise) -> Tensor:
        r"""Make the step from level t (``here``) to s (``there``) instead of the scheduler; one rule of a run may.

        Of the scheduler the levels alone count then, and an option that says more is refused.

        Arguments:
            denoise: Estimates the clean image behind a state, as a scheduler is given it; guidance has moved it.
            x: States :math:`x_t`.
            noise: Noise of this rule's own.

        Returns:
            :math:`x_s`, shaped as ``x``.
        """
        raise NotImplementedError

    def on_clean(self, clean: Tensor, here: NoiseLevel) -> Edit:
        """Edit the clean image that the networks see in the state at level ``here``."""
        del here
        return Edit(clean, jumped=False)

    def after(self, x: Tensor, there: NoiseLevel, noise: RuleNoise) -> Edit:
        """Edit the state after a step, at the level ``there`` that it has reached."""
        del there, noise
        return Edit(x, jumped=False)

    def finish(self, image: Tensor) -> Tensor:
        """Edit the finished picture, which has been decoded where states are latents."""
        return image

    @final
    def hooks(self) -> frozenset[str]:
        """Names of the hooks that this rule overrides."""
        names = ("plan", "wrap", "shape_noise", "start", "before", "move", "on_clean", "after", "finish")
        return frozenset(name for name in names if getattr(type(self), name) is not getattr(Rule, name))


@attrs.frozen(eq=False)
class Shaped:
    """A source of noise whose normal noise a rule shapes.

    Attributes:
        source: The source.
        rule: The rule.
    """

    source: NoiseSource
    rule: Rule

    def draw(self, step: int, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Noise of one step, purpose and law."""
        if law != "normal":
            return self.source.draw(step, purpose, law)
        drawn = self.source.draw(step, purpose)
        shaped = self.rule.shape_noise(drawn)
        must_be_like(shaped, drawn, self.rule, "shape_noise")
        return shaped


def shaped(source: NoiseSource, rules: Sequence[Rule]) -> NoiseSource:
    """The noise that a process and a scheduler are given: as the rule that shapes noise wants it, where one does."""
    shaping = [rule for rule in rules if "shape_noise" in rule.hooks()]
    return Shaped(source, shaping[0]) if shaping else source


def name_of(rule: object) -> str:
    """The kind of a rule or constraint; the name of its class where it has none."""
    return str(getattr(rule, "kind", type(rule).__name__))


def judged(edit: object, x: Tensor, rule: Rule, hook: str) -> Edit:
    """Edit that a hook made of ``x``.

    Raises:
        PluginError: If it is no `Edit` of a tensor of that shape; says whose hook it is.
    """
    if not isinstance(edit, Edit):
        blamed(rule, hook, f"returns {article(edit)}, and must return a superpose.Edit(value, jumped=...)")
    must_be_like(edit.value, x, rule, hook)
    # Whoever has differentiated something leaves its graph behind: a trajectory keeps none.
    return edit._replace(value=edit.value.detach()) if edit.value.requires_grad else edit


def edited_clean(estimate: Estimate, rule: Rule, level: NoiseLevel) -> tuple[Estimate, bool]:
    """The estimate as a rule edits its clean images, and whether that was a jump."""
    images = [image for image in (estimate.clean, estimate.renoise) if image is not None]
    edits = [judged(rule.on_clean(clean, level), clean, rule, "on_clean") for clean in images]
    renoise = edits[1].value if len(edits) > 1 else None
    if rule.keeps_noise:
        renoise = estimate.clean if estimate.renoise is None else estimate.renoise
    return estimate._replace(clean=edits[0].value, renoise=renoise), any(edit.jumped for edit in edits)


def told(rules: Sequence[Rule], plan: Plan, conditioning: Conditioning | None) -> tuple[Rule, ...]:
    """The rules for a run: its plan, and what lies beside its samples."""
    return tuple(rule.along(plan).conditioned(conditioning) for rule in rules)


def wrapped(denoiser: Denoiser, rules: Sequence[Rule]) -> Denoiser:
    """The denoiser as all rules wrap it, the first of them outermost.

    Raises:
        PluginError: If a rule makes something else than a denoiser of it.
    """
    for rule in reversed(rules):
        made: object = rule.wrap(denoiser)
        if not isinstance(made, Denoiser):
            blamed(rule, "wrap", f"returns {article(made)}, and must return a superpose.Denoiser")
        denoiser = made
    return denoiser
