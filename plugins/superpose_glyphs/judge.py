r"""A network that reads glyphs, to say what the others draw.

``train`` teaches it real glyphs, plain and in colour, and tells its accuracy on font families it never saw. ``name``
lets a glyph network draw every character and tells how many the judge reads as asked, and how far the drawings are from
the fonts it never saw: the Frechet distance (Heusel et al. 2017, arXiv:1706.08500)

.. math:: \lVert \mu - \mu' \rVert^2 + \mathrm{tr}\big(S + S' - 2 (S S')^{1/2}\big)

between means and covariances of the judge's features. ``pairs`` lets it draw ambigrams and tells for each pair how many
read as asked both ways up. ``phrases`` does for ``glyphs-ldm`` what ``name`` does, and tells what each word changes.
``enlarged`` tells how near ``glyphs-cascade`` comes to large glyphs, ``noisy`` how well ``glyphs-classifier`` reads
through noise. Upper and lower case count as one: many differ by size alone, and size is normalised away; so do o and 0.

``python -m superpose_glyphs.judge train --data glyphs32.npz --state FOLDER``
``python -m superpose_glyphs.judge name --data glyphs32.npz --state FOLDER --weights FOLDER``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from superpose import Condition, Denoiser, Guidance, NoisePredictor, make, sample, viewed
from superpose_glyphs.batches import Array, Images
from superpose_glyphs.enlarged_figures import nearness
from superpose_glyphs.files import replacing
from superpose_glyphs.latent import GlyphsLatent
from superpose_glyphs.model import EMBEDDED, Glyphs, GlyphsCascade
from superpose_glyphs.phrase_figures import kept, words
from superpose_glyphs.plan import ALPHA, LEVELS, SIGMA
from superpose_glyphs.reader import load_reader
from superpose_glyphs.vocabulary import GLYPHS

#: The pairs that are published for ambigrams by diffusion.
PAIRS = (
    *("AV", "dp", "aB", "tt", "CD", "BJ", "BQ", "GQ", "hk"),
    *("Re", "SY", "TT", "Ab", "OT", "Dy", "DK", "ng", "DP"),
)

#: What is asked of a glyph, by the program that asks it.
PROMPTS = {
    "name": ("{}", "colour {}"),
    "phrases": ("{}", "bold italic {}", "{} in red on yellow", "light {} in white on blue"),
}

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


def same(read: Tensor, asked: Tensor) -> Tensor:
    """Which images are read as asked, case folded, o and 0 one: a truth for each."""
    folded = GLYPHS.lower().replace("0", "o")
    number = torch.tensor([folded.index(one) for one in folded])
    return number[read] == number[asked]


@attrs.frozen
class Draw:
    """How drawings are made.

    Attributes:
        predictor: By whom.
        guidance: Towards the prompt.
        steps: Of DDIM.
        each: Drawings of each prompt.
        against: Whether the negative prompt of each reading of an ambigram is the other.
    """

    predictor: NoisePredictor
    guidance: Guidance
    steps: int
    each: int
    against: bool = False

    def glyph(self, prompt: str) -> Tensor:
        """Drawings of a prompt, shape (each, 3, H, W)."""
        return self._drawn(self._asked(prompt, self.predictor.condition("")))

    def ambigram(self, a: str, b: str) -> Tensor:
        """Drawings that show ``a``, and ``b`` when turned upside down: both views' estimates averaged.

        Where ``against``, each reading is told not to be the other, if they differ.
        """
        views = make("view", "identity"), make("view", "rotate", degrees=180)
        others = (b, a) if self.against and a != b else ("", "")
        asked = [self._asked(one, self.predictor.condition(other)) for one, other in zip((a, b), others, strict=True)]
        return self._drawn(viewed(zip(views, asked, strict=True)))

    def _asked(self, prompt: str, nothing: Condition) -> Denoiser:
        return self.guidance.denoiser(self.predictor, self.predictor.condition(prompt), nothing)

    def _drawn(self, denoiser: Denoiser) -> Tensor:
        return sample(denoiser, make("scheduler", "ddim", steps=self.steps), self.predictor, samples=self.each)


def guidances(scale: float) -> dict[str, Callable[[], Guidance]]:
    """The ways to guide: by the prompt, by classifier as well, by classifier while the network has no prompt."""

    def classifier(**base: Guidance) -> Guidance:
        reader = make("classifier", "glyphs-classifier")
        guidance: Guidance = make("guidance", "classifier", classifier=reader, scale=scale, keep=True, **base)
        return guidance.bind(lambda chosen: chosen.load())

    return {
        "cfg": lambda: cast(Guidance, make("guidance", "cfg", scale=scale)),
        "classifier": classifier,
        "classifier-alone": lambda: classifier(base=make("guidance", "cfg", scale=0.0)),
    }


def distance(a: Tensor, b: Tensor) -> float:
    """Frechet distance of two sets of features, each (n, 128)."""
    a, b = a.double(), b.double()
    product = torch.linalg.eigvals(a.T.cov() @ b.T.cov()).real.clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + a.T.cov().trace() + b.T.cov().trace() - 2 * product)


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(prog="superpose_glyphs.judge", description="Read what the glyph networks draw.")
    parser.add_argument("what", choices=["train", "name", "pairs", "noisy", "phrases", "enlarged"])
    parser.add_argument("--data", type=Path, required=True, help="npz file of real glyphs")
    parser.add_argument("--state", type=Path, required=True, help="folder of the judge")
    parser.add_argument("--weights", type=Path, help="folder of a network's weights; absent: the embedded ones")
    parser.add_argument("--judge-steps", type=int, default=9000, help="of the judge's training")
    parser.add_argument("--each", type=int, default=4, help="drawings of each prompt or pair")
    parser.add_argument("--steps", type=int, default=50, help="of DDIM")
    parser.add_argument("--guidance", choices=["cfg", "classifier", "classifier-alone"], default="cfg")
    parser.add_argument("--scale", type=float, default=4.0, help="of guidance")
    parser.add_argument("--against", action="store_true", help="pairs: the negative prompt of each is the other")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    judge, (seen, unseen) = Judge(), Images.read(chosen.data, HELD_OUT)
    path = chosen.state / "judge.pt"
    if chosen.what == "train":
        chosen.state.mkdir(parents=True, exist_ok=True)
        train(judge, seen, chosen.judge_steps)
        with replacing(path) as temporary:
            torch.save(judge.state_dict(), temporary)
    if chosen.what == "noisy":
        noisy(chosen.weights or EMBEDDED / "glyphs-classifier", unseen)
        return
    if chosen.what == "enlarged":
        upscaler = GlyphsCascade(path=chosen.weights).load()
        for way, decibels in nearness(upscaler, unseen, chosen.steps).items():
            _say(f"{way}: {decibels:.2f} dB")
        return
    judge.load_state_dict(torch.load(path, weights_only=True))
    judge.eval()
    images, labels = shown(unseen, _some(unseen, 4000), np.random.default_rng(0))
    real, read = look(judge, images)
    _say(f"real glyphs of families never seen: {_share(same(read, labels))} read right")
    if chosen.what != "train":
        guidance = guidances(chosen.scale)[chosen.guidance]()
        model = (GlyphsLatent if chosen.what == "phrases" else Glyphs)(path=chosen.weights)
        draw = Draw(model.load(), guidance, chosen.steps, chosen.each, chosen.against)
        if chosen.what == "pairs":
            pairs(judge, draw)
        else:
            name(judge, draw, real, PROMPTS[chosen.what])
        if chosen.what == "phrases":
            phrases(draw, unseen)


def name(judge: Judge, draw: Draw, real: Tensor, prompts: tuple[str, ...]) -> None:
    """Say how many drawings of each prompt read as asked, and how far they are from features of real glyphs."""
    features = []
    for prompt in prompts:
        right = []
        for i, glyph in enumerate(GLYPHS):
            seen, read = look(judge, draw.glyph(prompt.format(glyph)))
            features.append(seen)
            right.append(same(read, torch.full((draw.each,), i)))
        _say(f"{prompt.format('A')!r} and so on: {_share(torch.cat(right))} read as asked")
    _say(f"distance from real glyphs: {distance(torch.cat(features), real):.3f}")


def phrases(draw: Draw, unseen: Images) -> None:
    """Say how well the first stage keeps an image, and what the words of phrases do."""
    _say(f"first stage: {kept(draw.predictor, unseen):.1f} dB")
    for word, share in words(draw.glyph).items():
        _say(f"{word}: {share:.1%}")


def pairs(judge: Judge, draw: Draw) -> None:
    """Say how many drawings of each pair read as asked both ways up."""
    shares = []
    for pair in PAIRS:
        a, b = pair[0], pair[1]
        images = draw.ambigram(a, b)
        both = torch.ones(draw.each, dtype=torch.bool)
        for glyph, seen in ((a, images), (b, images.flip(2, 3))):
            both &= same(look(judge, seen)[1], torch.full((draw.each,), GLYPHS.index(glyph)))
        shares.append(float(both.float().mean()))
        _say(f"{a}/{b}: {_share(both)}")
    _say(f"mean of {len(PAIRS)} pairs: {sum(shares) / len(shares):.1%}")


def noisy(folder: Path, unseen: Images) -> None:
    """Say how many real glyphs a noisy classifier reads right, at some noise levels."""
    reader = load_reader(folder)
    images, labels = shown(unseen, _some(unseen, 2000), np.random.default_rng(0))
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    for t in (0, *range(100, LEVELS, 200)):
        seen = images if t == 0 else ALPHA[t] * images + SIGMA[t] * noise
        with torch.inference_mode():
            read = torch.cat([reader(part, torch.tensor(t)).argmax(1) for part in seen.split(250)])
        _say(f"t = {t}: {_share(same(read, labels))} read right, {_share(read == labels)} with case")


def _some(images: Images, count: int) -> Array:
    return np.random.default_rng(0).permutation(len(images.pixels))[:count]


def _share(right: Tensor) -> str:
    return f"{float(right.float().mean()):.1%} of {len(right)}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
