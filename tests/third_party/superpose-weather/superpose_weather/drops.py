"""Soft drops as a module of torch."""

import torch


class Drops(torch.nn.Module):
    """A sum of Gaussian drops on white."""

    def __init__(self, drops, shape):
        super().__init__()
        channels, *size = shape
        self.places = torch.nn.Parameter(torch.rand(drops, 2) * 2 - 1)
        self.widths = torch.nn.Parameter(torch.full((drops,), -1.5))
        self.colours = torch.nn.Parameter(torch.randn(channels, drops) * 0.1)
        grid = torch.meshgrid(*[torch.linspace(-1, 1, side) for side in size], indexing="ij")
        self.register_buffer("grid", torch.stack(grid))

    def forward(self):
        """The picture, (C, H, W)."""
        far = (self.grid - self.places[..., None, None]).square().sum(1)
        drops = (-far / (2 * (2 * self.widths).exp()[:, None, None])).exp()
        return torch.tanh(1 + torch.einsum("cd,dij->cij", self.colours, drops))
