r"""The diffusion autoencoder in training: an encoder says in a code what a decoder needs to remove noise.

Two images show a glyph of one design, in the same colours, in weights and slants that may differ. The code of the one,
moved along the lines that tell weight and slant, is to make the other:

.. math::
    L = \lVert v - v_\theta(x_t, t, z') \rVert^2 + \lambda \sum_k \mathrm{H}(y_k, w_k \cdot z + b_k), \qquad
    z' = z + \sum_k (y'_k - y_k)\, m_k\, w_k / \lVert w_k \rVert, \quad z = E_\phi(x_0)

where y are the words of the fonts' names and H is the log loss. With both images the same it is the loss of Preechakul
et al. (2022, arXiv:2111.15640) on its linear betas; as an error of v (Salimans and Ho 2022, arXiv:2202.00512), since
where noise hides all of an image only the code can tell what it was, and an error of noise counts that for nothing.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple, cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from superpose import replacing
from superpose_diffae import Classifier
from superpose_glyphs.coder import LAYOUT, Coder, load_coder
from superpose_glyphs.train.batches import Array, Images, spread
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.plan import LEVELS, Plan
from superpose_glyphs.train.styles import WEIGHTS_AND_SLANTS, design, styles
from superpose_glyphs.train.task import Task
from superpose_networks.diffae import LatentNet, Perceptron

_KEPT = (1 - torch.linspace(1e-4, 0.02, LEVELS, dtype=torch.float64)).cumprod(0)
ALPHA, SIGMA = _KEPT.sqrt().float(), (1 - _KEPT).sqrt().float()

#: The betas of codes are all the same, as in every published model.
LATENT_BETA = 0.008

#: How much the lines count.
TELLING = 0.05


class Pairs(NamedTuple):
    """One step's questions: images to encode and those to make of their codes.

    Attributes:
        shown: Images, shape (N, 3, H, W), in [-1, 1].
        told: Which of `WEIGHTS_AND_SLANTS` their fonts have, shape (N, K): 0 or 1.
        clean: Images of the same glyphs, shaped as ``shown``.
        wanted: What their fonts have, shaped as ``told``.
        t: Noise levels, shape (N,).
        noise: Unit normal, shaped as ``clean``.
    """

    shown: Tensor
    told: Tensor
    clean: Tensor
    wanted: Tensor
    t: Tensor
    noise: Tensor


@attrs.frozen(eq=False)
class Designs:
    """Which images show the same glyph of the same design.

    Attributes:
        told: What each image's font says of weight and slant, shape (n, K).
        order: All rows, so sorted that those of one design and glyph follow each other.
        first: Where in ``order`` those of each row begin, shape (n,).
        count: How many these are, shape (n,).
    """

    told: Array
    order: Array
    first: Array
    count: Array

    @classmethod
    @functools.lru_cache(maxsize=1)
    def of(cls, images: Images) -> Designs:
        """Those of some images; of images without fonts, each is a design of its own, of no weight or slant."""
        fonts, font = np.unique(images.sources, return_inverse=True)
        told = np.array([[float(style in styles(str(name))) for style in WEIGHTS_AND_SLANTS] for name in fonts])
        _, designs = np.unique([design(str(name)) for name in fonts], return_inverse=True)
        if not images.subject.inked:  # what its owner calls a file says nothing
            told, designs = np.zeros_like(told), np.arange(len(fonts))
        both = designs[font] * (int(images.labels.max()) + 1) + images.labels
        _, first, place, count = np.unique(np.sort(both), return_index=True, return_inverse=True, return_counts=True)
        order = np.argsort(both, kind="stable")
        group = np.empty_like(order)
        group[order] = place
        return cls(told[font].astype(np.float32), order, first[group], count[group])

    def another(self, rows: Array, rng: np.random.Generator) -> Array:
        """For each of some rows one of its glyph and design, which may be itself."""
        places: Array = self.first[rows] + (rng.random(len(rows)) * self.count[rows]).astype(np.int64)
        found: Array = self.order[places]
        return found


class Lines(nn.Module):
    """Lines that tell weight and slant off codes, and how far codes move when these change."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Linear(LAYOUT.code, len(WEIGHTS_AND_SLANTS))
        self.moves = nn.Parameter(torch.ones(len(WEIGHTS_AND_SLANTS)))

    def moved(self, codes: Tensor, change: Tensor) -> Tensor:
        """Codes (N, E) after changes (N, K) of the attributes."""
        return codes + (change * self.moves) @ nn.functional.normalize(self.read.weight, dim=1)


class Taught(nn.Module):
    """An autoencoder and the lines of its codes."""

    def __init__(self) -> None:
        super().__init__()
        self.coder, self.lines = Coder(), Lines()


@attrs.frozen
class Coding(Task):
    """``glyphs-diffae``: images to codes, and noise and codes to images."""

    name = "glyphs-diffae"
    plan = Plan(steps=15_000, batch=32, lr=1e-3, unprompted=0.0)

    def network(self) -> Taught:
        """Encoder, decoder and lines."""
        taught = Taught()
        nn.init.zeros_(taught.coder.decoder.conv_out.weight)
        return taught

    def batch(self, images: Images, plan: Plan, step: int) -> Pairs:
        """Images, others of their designs in the same colours, noise levels, noise."""
        designs, rows = Designs.of(images), images.rows(plan.seed, step, plan.batch)
        rng = np.random.default_rng([plan.seed, step])
        others = designs.another(rows, rng)
        (shown, _), (clean, _) = (
            images.painted(one, np.random.default_rng([plan.seed, step, 1])) for one in (rows, others)
        )
        t, noise = spread(rng, plan.batch, LEVELS), rng.standard_normal(clean.shape, dtype=np.float32)
        return Pairs(*map(torch.from_numpy, (shown, designs.told[rows], clean, designs.told[others], t, noise)))

    def loss(self, network: nn.Module, batch: Pairs, plan: Plan) -> Tensor:  # noqa: ARG002
        """The mean square error of v, and the log loss of the lines."""
        coder, lines = cast(Taught, network).coder, cast(Taught, network).lines
        alpha, sigma = (table[batch.t, None, None, None] for table in (ALPHA, SIGMA))
        code = coder.code(batch.shown)
        guess = coder(alpha * batch.clean + sigma * batch.noise, batch.t, lines.moved(code, batch.wanted - batch.told))
        told = nn.functional.binary_cross_entropy_with_logits(
            lines.read(code).float(), batch.told, reduction="none"
        ).sum(1)
        v = alpha * batch.noise - sigma * batch.clean
        return nn.functional.mse_loss(guess.float(), v) + TELLING * told.mean()

    def export(self, network: nn.Module, folder: Path) -> None:
        """Both networks, by the names they have here; and the lines, unless the images were of no fonts."""
        taught = cast(Taught, network)
        save_halves(taught.coder.state_dict(), folder / "diffae.safetensors")
        if self.subject.inked:
            read, width = taught.lines.read, LAYOUT.code
            normed = torch.zeros(1, width), torch.ones(1, width)
            lines = Classifier(read.weight.detach(), read.bias.detach(), *normed, names=WEIGHTS_AND_SLANTS)
            with replacing(folder / "attributes.safetensors") as path:
                lines.save(path)


class Drawn(NamedTuple):
    """One step's images, shape (N, 3, H, W) in [-1, 1], their codes' noise levels (N,), and noise (N, E)."""

    clean: Tensor
    t: Tensor
    noise: Tensor


class Drawing(nn.Module):
    """The latent network beside the encoder that makes the codes it learns, which doesn't learn itself."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.coder = Coder().requires_grad_(requires_grad=False)
        self.latent = LatentNet(LAYOUT.code, cast(Perceptron, LAYOUT.latent))
        self.register_buffer("mean", torch.zeros(1, LAYOUT.code))
        self.register_buffer("deviation", torch.ones(1, LAYOUT.code))

    @torch.no_grad()
    def normed(self, images: Tensor) -> Tensor:
        """The codes of images, each of their numbers with mean 0 and deviation 1."""
        return (self.coder.code(images).float() - self.mean) / self.deviation


@attrs.frozen
class DrawingCodes(Task):
    """``glyphs-diffae-codes``: codes drawn at random, in the space of a finished ``glyphs-diffae``."""

    name = "glyphs-diffae-codes"
    plan = Plan(steps=10_000, batch=128, lr=1e-3, unprompted=0.0)
    follows = True

    def network(self) -> Drawing:
        """The latent network, beside the autoencoder that ``after`` holds."""
        drawing = Drawing()
        if self.after is not None:
            drawing.coder.load_state_dict(load_coder(self.after, "cpu", torch.float32).state_dict())
        return drawing

    def prepare(self, network: nn.Module, images: Images) -> None:
        """Measure mean and deviation of codes, on two thousand images."""
        rng, drawing = np.random.default_rng(0), cast(Drawing, network)
        clean, _ = images.painted(rng.integers(0, len(images.pixels), 2048), rng)
        codes = torch.cat([drawing.normed(part) for part in torch.from_numpy(clean).split(64)])
        drawing.mean.copy_(codes.mean(0, keepdim=True))
        drawing.deviation.copy_(codes.std(0, keepdim=True))

    def batch(self, images: Images, plan: Plan, step: int) -> Drawn:
        """Images, noise levels, noise."""
        rng = np.random.default_rng([plan.seed, step])
        clean, _ = images.painted(images.rows(plan.seed, step, plan.batch), rng)
        t, noise = spread(rng, plan.batch, LEVELS), rng.standard_normal((plan.batch, LAYOUT.code), dtype=np.float32)
        return Drawn(*map(torch.from_numpy, (clean, t, noise)))

    def loss(self, network: nn.Module, batch: Drawn, plan: Plan) -> Tensor:  # noqa: ARG002
        """The mean square error of the noise in codes."""
        drawing = cast(Drawing, network)
        kept = ((1 - LATENT_BETA) ** (batch.t + 1.0))[:, None]
        z = kept.sqrt() * drawing.normed(batch.clean) + (1 - kept).sqrt() * batch.noise
        return nn.functional.mse_loss(drawing.latent(z, batch.t).float(), batch.noise)

    def export(self, network: nn.Module, folder: Path) -> None:
        """``codes.safetensors``: the latent network, mean and deviation of codes."""
        drawing = cast(Drawing, network)
        statistics = {"mean": drawing.mean, "deviation": drawing.deviation}
        save_halves(drawing.latent.state_dict() | statistics, folder / "codes.safetensors")
