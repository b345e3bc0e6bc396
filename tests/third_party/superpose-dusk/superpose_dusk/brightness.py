r"""The classifier at work.

Of a noisy picture :math:`x = \alpha x_0 + \sigma\epsilon` with n values, the mean :math:`\bar x` has the law
:math:`N(\alpha m_k, \alpha^2 s^2 + \sigma^2 / n)` in class k, so that with equal priors

.. math:: \log p(k | x) = -\frac{(\bar x - \alpha m_k)^2}{2 (\alpha^2 s^2 + \sigma^2 / n)} + \text{const}
"""

import math

import torch
from superpose import ClassifierPredictor


class Brightness(ClassifierPredictor):
    """Answers with how likely each class is, given how bright the noisy picture is."""

    def __init__(self, classifier, device):
        self.shape, self.device = classifier.shape, torch.device(device)
        self.variance = classifier.std**2
        self.means = torch.tensor([classifier.day, classifier.night], device=self.device)

    def logits(self, x, level):
        """One row of two an image."""
        spread = level.alpha**2 * self.variance + level.sigma**2 / math.prod(self.shape)
        off = x.mean((1, 2, 3))[:, None] - level.alpha * self.means
        return -off.square() / (2 * spread)
