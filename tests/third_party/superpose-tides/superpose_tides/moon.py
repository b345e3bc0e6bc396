"""The moon: a pull by gradients through the network."""

import attrs
from superpose import Constraint, Denoiser, Rule, differentiable, option


@attrs.frozen(kw_only=True)
class Moon(Constraint, Rule):
    """Pulls the mean of an image's upper half to that of its lower half.

    Nothing is painted over: the gradient of how likely the halves agree goes through the network, which then finds an
    image of its own in which they do.
    """

    kind = "moon"
    papers = ("arXiv 2209.14687",)
    needs = frozenset({"differentiable"})
    deviation: float = option(0.02, doc="how far apart the two means may be: little pulls strongly", gt=0)

    def bind(self, canvas):
        """It reads nothing, so it is the rule itself."""
        return self

    def wrap(self, denoiser):
        """The denoiser, pulled."""
        return Pulled(denoiser, self.deviation)


@attrs.frozen(eq=False)
class Pulled(Denoiser):
    """A denoiser with the gradient of how likely both halves have one mean."""

    inner: Denoiser
    deviation: float

    def estimate(self, x, level):
        """Ask with gradients on, and differentiate."""
        import torch

        x = x.detach().requires_grad_()
        estimate = yield from differentiable(self.inner.estimate(x, level))
        with torch.enable_grad():
            # Image by image: a mean over a batch may round differently with the number of images.
            tides = torch.stack([apart(image) for image in estimate.clean])
            # What the network does not know of each value yet, in the difference of two means.
            unknown = level.sigma**2 / (level.alpha**2 + level.sigma**2) * 4 / estimate.clean[0].numel()
            likely = -tides.square().sum() / (2 * (self.deviation**2 + unknown))
            [gradient] = torch.autograd.grad(likely, x)
        gradient = gradient[:, : estimate.clean.shape[1]]
        if estimate.guidance_gradient is not None:
            gradient = gradient + estimate.guidance_gradient
        return estimate._replace(guidance_gradient=gradient)


def apart(image):
    """By how much the upper half of an image, shape (C, H, W), is brighter than the lower one."""
    half = image.shape[1] // 2
    return image[:, :half].mean() - image[:, -half:].mean()
