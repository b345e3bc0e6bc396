r"""The exact predictor of a mixture of Gaussians.

With :math:`x = \alpha x_0 + \sigma\epsilon` and :math:`x_0 \sim \frac1n \sum_k N(\mu_k, v)`, where k runs over what the
prompt names,

.. math:: E[x_0 | x] = \sum_k r_k(x) \left(\mu_k + \frac{\alpha v}{\alpha^2 v + \sigma^2} (x - \alpha\mu_k)\right)

.. math:: r_k(x) \propto \exp\left(-\frac{|x - \alpha\mu_k|^2}{2 (\alpha^2 v + \sigma^2)}\right)
"""

import torch
from superpose import Condition, NoisePredictor, Prediction

from superpose_toyland.model import PLACES, chosen


class MixturePredictor(NoisePredictor):
    """Answers with the mean of the clean image, given the noisy one and the prompt.

    Arguments:
        model: The model that it was loaded from.
        device: Where it runs.
    """

    parameterization = "sample"

    def __init__(self, model, device):
        self.shape, self.schedule, self.clip = model.shape, model.schedule, model.clip
        self.device = torch.device(device)
        self.variance = model.std**2
        self.pictures = pictures(model.size).to(self.device)

    def condition(self, prompt):
        """One row: 0 for each picture that the prompt names, minus infinity for the others."""
        row = torch.full((1, len(PLACES)), -torch.inf)
        row[0, chosen(prompt)] = 0
        return Condition(prompt, {"chosen": row.to(self.device)})

    def predict(self, x, level, conditioning):
        """The mean, in closed form."""
        noisy = level.alpha * self.pictures
        spread = level.alpha**2 * self.variance + level.sigma**2
        off = x[:, None] - noisy
        shares = (conditioning["chosen"] - off.square().sum((2, 3, 4)) / (2 * spread)).softmax(1)
        means = self.pictures + level.alpha * self.variance / spread * off
        return Prediction((shares[:, :, None, None, None] * means).sum(1))


def pictures(size):
    """The four pictures in the order of `PLACES`, shape (4, 3, size, size), in [-1, 1]."""
    line = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = line[:, None], line[None, :]
    round_ = x**2 + y**2 < 0.5
    crescent = round_ & ((x - 0.3) ** 2 + y**2 > 0.4)
    crown, trunk = (y < 0.3) & (y > 2 * x.abs() - 0.8), (y >= 0.3) & (y < 0.8) & (x.abs() < 0.15)
    roof, wall = (y < 0) & (y > x.abs() - 0.8), (y >= 0) & (y < 0.8) & (x.abs() < 0.6)
    return torch.stack(
        [
            painted((0.2, 0.5, 0.9), (round_, (1.0, 0.9, 0.1))),
            painted((-0.9, -0.9, -0.6), (crescent, (0.7, 0.7, 0.8))),
            painted((0.6, 0.8, 1.0), (crown, (-0.6, 0.3, -0.5)), (trunk, (0.1, -0.3, -0.7))),
            painted((0.6, 0.8, 1.0), (roof, (0.7, -0.6, -0.6)), (wall, (0.9, 0.8, 0.5))),
        ]
    )


def painted(ground, *layers):
    """A picture of one colour, with (where, colour) painted over it in order; colours are RGB in [-1, 1]."""
    where, _ = layers[0]
    picture = torch.tensor(ground)[:, None, None].expand(3, *where.shape)
    for where, colour in layers:
        picture = torch.where(where, torch.tensor(colour)[:, None, None], picture)
    return picture
