r"""Steering by particles: images of high reward, with no gradient (FK steering, arXiv 2501.06848).

Particles are drawn from :math:`p(x_0) \exp(\lambda r(x_0))` by potentials :math:`G_t` of the reward :math:`r_t` of the
clean image that the network sees on the way:

====  ==================================================
diff  :math:`G_t = \exp(\lambda (r_t - r_{t+1}))`
max   :math:`G_t = \exp(\lambda \max_{s \ge t} r_s)`
add   :math:`G_t = \exp(\lambda \sum_{s \ge t} r_s)`
rt    :math:`G_t = \exp(\lambda r_t)`
====  ==================================================

The last is divided by the product of all before it, so that with any of them the whole is a function of the end alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Classifier, Potential, Resampled, option
from superpose_populations.likelihood import Likelihood, Reward, clean, problems

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Context, Model, Problem, Reading, Transition


@attrs.frozen(kw_only=True)
class ByReward(Resampled):
    """The options of FK steering, whatever the reward is."""

    papers = ("arXiv 2501.06848",)
    potential: str = option(
        "diff",
        doc="what weighs: the change of the reward, its maximum so far, its sum so far, or the reward itself",
        choices=("diff", "max", "add", "rt"),
    )
    scale: float = option(1.0, doc="lambda: 0 is no steering, more follows the reward more closely", ge=0)
    every: int = option(5, doc="steps from one weighing to the next; the last step is always weighed", ge=1)

    def weighs(self, step: int, steps: int) -> bool:
        """True after every so manieth step from ``start`` to ``stop``, and after the last."""
        due = super().weighs(step, steps) and (step - self.first(steps)) % self.every == 0
        return due or step == steps - 1

    def steering(self, reward: Reward) -> Potential:
        """The potential of a reward."""
        return Steering(reward, self.potential, self.scale)


@attrs.frozen(kw_only=True)
class FKSteering(ByReward):
    r"""Steers particles towards what a classifier takes for what the image is to show, with no gradient.

    The reward is :math:`\min_i \log p(y_i | V_i \hat x_0)`, the weakest reading of the clean image that the network
    sees. With ``scale`` 1 and one reading that is Bayes' rule. Weights that are no numbers end the run: they are
    neither cut off nor set to zero.
    """

    kind = "fk-steering"
    classifier: Classifier = option(doc="the classifier that reads the clean images: a table with its kind")
    label: str | None = option(None, doc="the class of the whole image; each prompt in its view or part when absent")

    def problems(self, model: Model, prompts: Sequence[str]) -> Iterator[Problem]:
        """A classifier of another size, or that does not know what it is to read."""
        yield from problems(self.classifier, self.label, model, prompts)

    def bind(self, context: Context, readings: Sequence[Reading]) -> Potential:
        """The potential, with the classifier read."""
        return self.steering(Likelihood.of(self.classifier, self.label, self.size, context, readings))


@attrs.frozen(eq=False)
class Steering(Potential):
    """The potentials of FK steering for any reward.

    Attributes:
        reward: Of states without noise.
        potential: Which.
        scale: Lambda.
        least: The least maximum.
    """

    reward: Reward
    potential: str = "diff"
    scale: float = 1.0
    least: float = -math.inf

    def weigh(self, made: Transition, memory: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The potential of each particle; remembered are its rewards so far, as one number, and all its potentials."""
        import torch

        reward = self.reward(clean(made))
        begun = self.least if self.potential == "max" else 0.0
        before, spent = memory or (torch.full_like(reward, begun), torch.zeros_like(reward))
        kept = reward
        if self.potential == "max":
            kept = torch.maximum(reward, before)
        elif self.potential == "add":
            kept = reward + before
        added = self.scale * (kept - before if self.potential == "diff" else kept)
        if made.last and self.potential != "diff":
            added = added - spent
        return added, (kept, spent + added)
