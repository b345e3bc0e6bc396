r"""The reverse of the absorbing process: from level t to s a hidden tile is laid with probability

.. math:: \frac{\alpha_s - \alpha_t}{1 - \alpha_t}

and which it is, is drawn from what the network says (D3PM, Austin et al. 2021, arXiv 2107.03006).
"""

import attrs
from superpose import Scheduler, option, plan_of

from superpose_mosaic.process import ABSORBING


@attrs.frozen(kw_only=True)
class Unmask(Scheduler):
    """Lays the hidden tiles, some more in each step, each drawn from what the network says of it."""

    kind = "unmask"
    papers = ("arXiv 2107.03006",)
    processes = frozenset({ABSORBING})
    steps: int = option(16, doc="number of steps", ge=1)

    @property
    def stochastic(self):
        """Which tiles, and where, is drawn."""
        return True

    def plan(self, schedule):
        """Evenly spaced levels."""
        return plan_of(schedule, "trailing", self.steps)

    def step(self, denoise, x, here, there, state, noise, jumped):
        """Lay some tiles."""
        import torch

        chances = denoise(x, here).clean[:, :-1].clamp(min=1e-12)
        laid = noise("where", law="uniform")[:, :1] < (there.alpha - here.alpha) / (1 - here.alpha)
        # The largest of log p plus Gumbel noise is drawn from p.
        gumbel = -noise("which", law="uniform")[:, :-1].clamp(min=1e-12).log().neg().log()
        tile = (chances.log() + gumbel).argmax(1)
        fresh = torch.nn.functional.one_hot(tile, x.shape[1]).movedim(-1, 1).to(x)
        return torch.where(laid & (x[:, -1:] > 0.5), fresh, x), state
