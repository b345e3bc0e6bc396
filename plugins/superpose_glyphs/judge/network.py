"""The judge: a network that reads real glyphs, which none of what it judges was ever trained against."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from superpose_glyphs.train.batches import Array, Images
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.vocabulary import GLYPHS

#: Share of the font families that it does not see while it learns.
HELD_OUT = 0.1


#: Sides of what it looks at: larger images are made smaller first.
SIDE = 32


class Judge(nn.Module):
    """Images (N, 3, H, W) in [-1, 1] to features (N, 128); ``head`` turns them into a score for each class.

    Arguments:
        classes: Their names.
    """

    def __init__(self, classes: tuple[str, ...] = tuple(GLYPHS)) -> None:
        super().__init__()
        widths = (3, 32, 64, 128, 128)
        layers: list[nn.Module] = []
        for i, (read, written) in enumerate(pairwise(widths)):
            layers += [nn.Conv2d(read, written, 3, padding=1, stride=1 if i == 0 else 2), nn.GroupNorm(8, written)]
            layers += [nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(128 * 16, 128), nn.SiLU())
        self.head, self.classes = nn.Linear(128, len(classes)), classes

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.body(nn.functional.avg_pool2d(x, x.shape[-1] // SIDE))
        return features


def shown(
    images: Images, rows: Array, rng: np.random.Generator, freedom: Freedom | None = None
) -> tuple[Tensor, Tensor]:
    """Some images and their classes: half plain, half in colour; moved, where there is ``freedom``."""
    if freedom is not None:
        images, rows = images.moved(rows, freedom, rng), np.arange(len(rows))
    painted, _ = images.painted(rows, rng)
    return torch.from_numpy(painted), torch.from_numpy(images.labels[rows].astype(np.int64))


def train(
    judge: Judge, real: Images, steps: int, batch: int = 128, freedom: Freedom | None = None, precision: str = "float32"
) -> None:
    """Teach it by cross-entropy, on images moved by ``freedom``; the learning rate falls to zero along a cosine."""
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.01)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    judge.train()
    for step in range(steps):
        rng = np.random.default_rng([1, step])
        images, labels = shown(real, rng.integers(0, len(real.pixels), batch), rng, freedom)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            scores = judge.head(judge(images))
        loss = nn.functional.cross_entropy(scores.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
        if step % 100 == 99:
            sys.stderr.write(f"step {step + 1}/{steps}  loss {loss.item():.3f}\n")
    judge.eval()


def look(judge: Judge, images: Tensor, words: Sequence[str] | None = None) -> tuple[Tensor, Tensor]:
    """Features (N, 128) and the class each image is read as (N,), of all classes or of ``words`` alone."""
    with torch.inference_mode():
        features = torch.cat([judge(part) for part in images.split(256)])
        scores = judge.head(features)
        if words is not None:
            among = torch.tensor([name in set(words) for name in judge.classes])
            scores = scores.masked_fill(~among, -torch.inf)
        return features, scores.argmax(1)


def same(read: Tensor, asked: Tensor) -> Tensor:
    """Which images are read as asked, case folded, o and 0 one: a truth for each."""
    folded = GLYPHS.lower().replace("0", "o")
    number = torch.tensor([folded.index(one) for one in folded])
    return number[read] == number[asked]


def distance(a: Tensor, b: Tensor) -> float:
    """Frechet distance of two sets of features, each (n, 128)."""
    a, b = a.double(), b.double()
    product = torch.linalg.eigvals(a.T.cov() @ b.T.cov()).real.clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + a.T.cov().trace() + b.T.cov().trace() - 2 * product)
