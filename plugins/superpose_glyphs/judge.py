r"""A second network that reads glyphs, to say what the first one draws.

``train`` teaches it real glyphs, plain and in colour, and tells its accuracy on fonts it never saw. ``name`` lets a
glyph network draw every character and tells how many the judge reads as asked, and how far the drawings are from the
fonts it never saw: the Frechet distance (Heusel et al. 2017, arXiv:1706.08500)

.. math:: \lVert \mu - \mu' \rVert^2 + \mathrm{tr}\big(S + S' - 2 (S S')^{1/2}\big)

between means and covariances of the judge's features. Upper and lower case count as one: many differ by size alone,
and size is normalised away; so do o and 0.

``python -m superpose_glyphs.judge train --data glyphs32.npz --state FOLDER``
``python -m superpose_glyphs.judge name --data glyphs32.npz --state FOLDER --weights FOLDER``
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from superpose.nn import UNet2D, load_unet2d
from superpose_glyphs.batches import Array, Images
from superpose_glyphs.files import replacing
from superpose_glyphs.plan import ALPHA, LEVELS, SIGMA
from superpose_glyphs.predictor import see
from superpose_glyphs.vocabulary import GLYPHS, PROMPTS

HELD_OUT = 0.1


class Judge(nn.Module):
    """Images (N, 3, 32, 32) in [-1, 1] to features (N, 128); ``head`` turns them into scores of the 62 characters."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 128, 128)
        layers: list[nn.Module] = []
        for i, (read, written) in enumerate(pairwise(widths)):
            layers += [nn.Conv2d(read, written, 3, padding=1, stride=1 if i == 0 else 2), nn.GroupNorm(8, written)]
            layers += [nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(128 * 16, 128), nn.SiLU())
        self.head = nn.Linear(128, len(GLYPHS))

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.body(x)
        return features


def shown(images: Images, rows: Array, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Some images and their characters: half plain, half in colour."""
    painted, _ = images.painted(rows, rng)
    return torch.from_numpy(painted), torch.from_numpy(images.labels[rows].astype(np.int64))


def train(judge: Judge, real: Images, steps: int, batch: int = 128) -> None:
    """Teach it by cross-entropy; the learning rate falls to zero along a cosine."""
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.01)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    judge.train()
    for step in range(steps):
        rng = np.random.default_rng([1, step])
        images, labels = shown(real, rng.integers(0, len(real.pixels), batch), rng)
        loss = nn.functional.cross_entropy(judge.head(judge(images)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
        if step % 100 == 99:
            sys.stderr.write(f"step {step + 1}/{steps}  loss {loss.item():.3f}\n")
    judge.eval()


def look(judge: Judge, images: Tensor) -> tuple[Tensor, Tensor]:
    """Features (N, 128) and the character each image is read as (N,)."""
    with torch.inference_mode():
        features = torch.cat([judge(part) for part in images.split(256)])
        return features, judge.head(features).argmax(1)


def right(read: Tensor, asked: Tensor) -> float:
    """Share of images read as asked, case folded, o and 0 one."""
    same = torch.tensor([GLYPHS.lower().replace("0", "o").index(one) for one in GLYPHS.lower().replace("0", "o")])
    return float((same[read] == same[asked]).float().mean())


def draw(network: UNet2D, labels: Tensor, seed: int, steps: int = 25, scale: float = 4.0) -> Tensor:
    """Images of rows of the class table, by DDIM with classifier-free guidance, clipped, from T to 0."""
    x = torch.randn(len(labels), 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    none = torch.full_like(labels, len(PROMPTS) - 1)
    times = [round(LEVELS * (steps - i) / steps) - 1 for i in range(steps)]
    with torch.inference_mode():
        for t, s in zip(times, [*times[1:], -1], strict=True):
            v, v_none = see(network, torch.cat((x, x)), torch.tensor(t), torch.cat((labels, none))).chunk(2)
            v = v_none + scale * (v - v_none)
            clean = (ALPHA[t] * x - SIGMA[t] * v).clamp(-1, 1)
            noise = (x - ALPHA[t] * clean) / SIGMA[t]
            x = ALPHA[s] * clean + SIGMA[s] * noise if s >= 0 else clean
    return x


def distance(a: Tensor, b: Tensor) -> float:
    """Frechet distance of two sets of features, each (n, 128)."""
    a, b = a.double(), b.double()
    product = torch.linalg.eigvals(a.T.cov() @ b.T.cov()).real.clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + a.T.cov().trace() + b.T.cov().trace() - 2 * product)


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(prog="superpose_glyphs.judge", description="Read what the glyph network draws.")
    parser.add_argument("what", choices=["train", "name"])
    parser.add_argument("--data", type=Path, required=True, help="npz file of real glyphs")
    parser.add_argument("--state", type=Path, required=True, help="folder of the judge")
    parser.add_argument("--steps", type=int, default=3000, help="of the judge's training")
    parser.add_argument("--weights", type=Path, help="folder of a glyph network")
    parser.add_argument("--each", type=int, default=4, help="drawings of each prompt")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    judge, (seen, unseen) = Judge(), Images.read(chosen.data, HELD_OUT)
    path = chosen.state / "judge.pt"
    if chosen.what == "train":
        chosen.state.mkdir(parents=True, exist_ok=True)
        train(judge, seen, chosen.steps)
        with replacing(path) as temporary:
            torch.save(judge.state_dict(), temporary)
    judge.load_state_dict(torch.load(path, weights_only=True))
    judge.eval()
    rows = np.random.default_rng(0).permutation(len(unseen.pixels))[:4000]
    images, labels = shown(unseen, rows, np.random.default_rng(0))
    real, read = look(judge, images)
    sys.stdout.write(f"real glyphs of fonts never seen: {right(read, labels):.1%} read right\n")
    if chosen.what == "name":
        asked = torch.arange(len(PROMPTS) - 1).repeat(chosen.each)
        network = load_unet2d(chosen.weights)
        drawn = torch.cat([draw(network, part, seed) for seed, part in enumerate(asked.split(62))])
        features, read = look(judge, drawn)
        plain = asked < len(GLYPHS)
        for style, chosen_ones in (("plain", plain), ("colour", ~plain)):
            share = right(read[chosen_ones], asked[chosen_ones] % len(GLYPHS))
            sys.stdout.write(f"{style}: {share:.1%} of {int(chosen_ones.sum())} drawings read as asked\n")
        sys.stdout.write(f"distance from real glyphs: {distance(features, real):.3f}\n")


if __name__ == "__main__":
    main()
