r"""The absorbing process: a state has a one-hot channel for each tile there is, and a last one for "hidden".

Alpha is the share of tiles that can be seen. Hiding goes on from level s to t by

.. math:: P(\text{hidden at } t \mid \text{seen at } s) = 1 - \alpha_t / \alpha_s
"""

from superpose import Process

#: Its name, for kinds to say that they are for it.
ABSORBING = "absorbing"


class Absorbing(Process):
    """Tiles are hidden, each by itself, until none is seen."""

    name = ABSORBING

    def start(self, noise, level):
        """All tiles are hidden: the noise is asked for its shape alone."""
        return hidden(noise("start"))

    def climb(self, x, here, there, noise):
        """Some of the tiles that are seen are hidden again."""
        import torch

        hide = noise("climb", law="uniform")[:, :1] < 1 - there.alpha / here.alpha
        return torch.where(hide, hidden(x), x)

    def read(self, parameterization, output, x, level):
        """Probabilities of the tiles, which the network answers with; what is seen is known."""
        import torch

        return torch.where(x[:, -1:] > 0.5, output, x)


def hidden(like):
    """States shaped as ``like`` of which nothing is seen."""
    import torch

    return torch.cat((torch.zeros_like(like[:, 1:]), torch.ones_like(like[:, :1])), 1)
