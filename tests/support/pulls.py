"""A constraint that pulls towards a grey through the network, in few lines."""

import attrs
import torch

from superpose import Constraint, Denoiser, Rule, differentiable


@attrs.frozen(eq=False)
class Pulled(Denoiser):
    """Pulled towards an image through the network."""

    inner: Denoiser
    image: torch.Tensor
    deviation: float

    def estimate(self, x, level):
        x = x.detach().requires_grad_()
        estimate = yield from differentiable(self.inner.estimate(x, level))
        variance = level.sigma**2 / (level.alpha**2 + level.sigma**2) + self.deviation**2
        with torch.enable_grad():
            log_likelihood = -(estimate.clean - self.image).square().sum() / (2 * variance)
            [gradient] = torch.autograd.grad(log_likelihood, x)
        return estimate._replace(guidance_gradient=gradient)


@attrs.frozen(kw_only=True, eq=False)
class Pull(Constraint, Rule):
    """Pulls towards a grey."""

    kind = "pull"
    needs = frozenset({"differentiable"})
    grey: float = 0.5
    deviation: float = 0.3

    def bind(self, canvas):
        return self

    def wrap(self, denoiser):
        return Pulled(denoiser, torch.tensor(self.grey), self.deviation)
