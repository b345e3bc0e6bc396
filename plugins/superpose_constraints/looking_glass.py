r"""Illusions by looks that are not orthogonal: a canvas for each, synchronised in their clean images.

Each canvas is seen by the network as it is, with white noise of its own. After every estimate the picture that all
canvases look at is found (`superpose_constraints.looks`), and each is given what its look shows of it, while the noise
stays what its network read: SyncTweedies' second case (arXiv 2403.14370),

.. math:: x_s^i = \alpha_s\, W_i c + \sigma_s\, \epsilon^i, \qquad \epsilon^i = (x_t^i - \alpha_t \hat x_0^i)/\sigma_t

LookingGlass (arXiv 2504.08902) does so in flow models, climbs back once in the middle of the run, and leaves the last
steps to one canvas. It blends in a Laplacian pyramid, where here the least squares are solved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import Canvas, Constraint, Edit, Need, Plan, Problem, Rule, option, refuse
from superpose_constraints.looks import Look, Seen, agreed, looked

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel


@attrs.frozen(kw_only=True)
class LookingGlass(Constraint):
    """Ties the canvases of a sample to one picture, which each sees in a way of its own: turned, tilted, in a mirror.

    ``[canvas]`` says how many there are, and views of the kind ``canvas`` what each shows. A look that shows the first
    canvas as it lies makes that the picture. Places of a canvas that do not lie in the picture are its own.
    """

    kind = "looking-glass"
    papers = ("arXiv 2504.08902", "arXiv 2403.14370")
    needs = frozenset({"renoising"})
    looks: tuple[Look, ...] = option(doc="how each canvas sees the picture: a table for each, {} for as it lies")
    alone: float = option(0.0, doc="share of the steps, the last ones, that the first canvas paints alone", ge=0, lt=1)
    travel: tuple[float, float] | None = option(
        None, doc="shares of the run between which each step is made twice", ge=0, le=1, each=True
    )

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """Looks that are not as many as canvases, or nothing between the shares."""
        _, height, _ = canvas.shape
        count = len(self.looks)
        if count < 2 or height % count:
            what = f"looking-glass has {count} looks, and {height} rows are not a canvas for each"
            yield Problem("looks", what, "write [canvas] with a count, and as many looks, 2 at least")
        if self.travel is not None and not self.travel[0] < self.travel[1]:
            yield Problem("travel", "the first share is not before the second", "write [0.2, 0.8]")

    def bind(self, canvas: Canvas) -> Rule:
        """The looks as matrices."""
        refuse(self.problems(canvas))
        _, height, width = canvas.shape
        seen = tuple(Seen.of(look, height // len(self.looks), width, canvas.device) for look in self.looks)
        return Synced(looks=seen, alone=self.alone, travel=self.travel)


@attrs.frozen(kw_only=True, eq=False)
class Synced(Rule):
    """Canvases that look at one picture.

    Attributes:
        looks: How each does.
        alone: Share of the last steps, which the first canvas paints alone.
        travel: Shares of the run between which each step is made twice.
        last: Place of the first level in the plan that the first canvas paints alone.
    """

    kind = "looking-glass"
    needs: ClassVar[frozenset[Need]] = frozenset({"renoising"})
    keeps_noise = True
    looks: tuple[Seen, ...]
    alone: float = 0.0
    travel: tuple[float, float] | None = None
    last: float = float("inf")

    def plan(self, plan: Plan) -> Plan:
        """Each step between the shares made twice, with a climb between."""
        if self.travel is None or any(plan.climbs(step) for step in range(plan.steps)):
            return plan
        first, end = (share * plan.steps for share in self.travel)
        levels = [plan.levels[0]]
        for step, there in enumerate(plan.levels[1:]):
            again = first <= step < end and there.sigma > 0
            levels += [there, plan.levels[step], there] if again else [there]
        return Plan.of(levels)

    def along(self, plan: Plan) -> Rule:
        """This rule for the plan that is run."""
        return attrs.evolve(self, last=plan.steps - self.alone * plan.steps if self.alone else float("inf"))

    def on_clean(self, clean: Tensor, here: NoiseLevel) -> Edit:
        """What each canvas sees of the picture that all agree on."""
        import torch  # plugins import no torch until they are used

        heard = 1 if here.index >= self.last else len(self.looks)
        # One at a time, so that a sample's bits do not depend on those beside it.
        return Edit(torch.stack([self._tied(sample, heard) for sample in clean]), jumped=False)

    def _tied(self, sample: Tensor, heard: int) -> Tensor:
        """One sample (C, H, W), tied; so many canvases, the first ones, are heard."""
        import torch

        canvases = [canvas.flatten(1).T for canvas in sample.chunk(len(self.looks), -2)]
        picture = agreed(self.looks[:heard], canvases[:heard])
        shown = [looked(look, picture, own) for look, own in zip(self.looks, canvases, strict=True)]
        return torch.cat([each.T for each in shown], 1).reshape(sample.shape)
