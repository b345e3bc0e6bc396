r"""Figures of ``glyphs-diffae``: whether images come back from their codes, and what can be read off codes and moved.

Of families that were never seen: the mean square error of images encoded (a code, and noise by inversion) and decoded;
how well a line tells each style that fonts' names tell, as the area under its curve, both the lines that come with the
weights and lines fitted to codes of the families that were trained on; and what moving a code along bold and italic
does to the share of ink and to the slant,

.. math:: \tan\phi = -\mu_{xy} / \mu_{yy}

of the second moments of ink, with y downwards: to the right is positive.

``python -m superpose_glyphs.judge.codes --data glyphs32.npz``
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import attrs
import numpy as np
import torch
from torch import Tensor

from superpose import (
    Condition,
    Conditioning,
    NetworkPredictor,
    Scheduler,
    State,
    Trajectory,
    invert,
    make,
    prompted,
    trajectory,
)
from superpose_diffae import Classifier, Codes, Networks, auroc, fit
from superpose_glyphs.diffae import GlyphsDiffae
from superpose_glyphs.judge.network import HELD_OUT
from superpose_glyphs.judge.telling import say
from superpose_glyphs.judge.words import inked
from superpose_glyphs.model import EMBEDDED
from superpose_glyphs.reader import load_reader
from superpose_glyphs.train.batches import COLOUR, PLAIN, Array, Images
from superpose_glyphs.train.styles import STYLES, styles


def some(images: Images, count: int, *, plain: bool = False) -> Array:
    """Rows of some images, always the same ones; where ``plain``, of fonts whose names tell no style."""
    rows = np.random.default_rng(0).permutation(len(images.pixels))
    if plain:
        upright = {font: not styles(font) for font in map(str, np.unique(images.sources))}
        rows = rows[[upright[str(font)] for font in images.sources[rows]]]
    return rows[:count]


def painted(images: Images, rows: Array) -> Tensor:
    """Those images, half of them in colour, (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(images.painted(rows, np.random.default_rng(0))[0])


def told(images: Images, rows: Array, names: Sequence[str]) -> Tensor:
    """Which styles, of ``names``, the fonts of some images have, shape (N, K): 0 or 1."""
    said = {font: [float(name in styles(font)) for name in names] for font in map(str, np.unique(images.sources))}
    return torch.tensor([said[str(font)] for font in images.sources[rows]])


@attrs.frozen
class Autoencoder:
    """A diffusion autoencoder at work on many images, each with a code of its own.

    Attributes:
        predictor: Its decoder.
        networks: Its networks.
        scheduler: DDIM, for both ways.
        to_noise: As in `superpose.invert`.
    """

    predictor: NetworkPredictor
    networks: Networks
    scheduler: Scheduler
    to_noise: bool = True

    def codes(self, images: Tensor) -> Tensor:
        """Semantic codes (N, E)."""
        with torch.inference_mode():
            return torch.cat([self.networks.encoder(part) for part in images.split(64)])

    def hidden(self, images: Tensor, codes: Tensor) -> Tensor:
        """Stochastic codes, shaped as images."""
        run = self._trajectory(codes)
        return invert(
            run.denoiser,
            images,
            run.plan,
            to_noise=self.to_noise,
            predictor=self.predictor,
            conditioning=run.conditioning,
        )

    def images(self, noise: Tensor, codes: Tensor) -> Tensor:
        """Images of both codes."""
        return self._trajectory(codes).run(state=State(0, noise, self.scheduler.init()))

    def _trajectory(self, codes: Tensor) -> Trajectory:
        own = Condition("its own", {"code": torch.zeros(1, codes.shape[1]), "share": torch.ones(1, 1)})
        denoiser = prompted(self.predictor, own)
        drawn = trajectory(denoiser, self.scheduler, self.predictor, samples=len(codes))
        return attrs.evolve(drawn, conditioning=Conditioning(per_sample={"own": codes}))


def probes(autoencoder: Autoencoder, images: Images, count: int = 20_000) -> Classifier:
    """A line for each style, fitted to codes of some images."""
    rows = some(images, count)
    return fit(autoencoder.codes(painted(images, rows)), told(images, rows, tuple(STYLES)), tuple(STYLES))


def areas(autoencoder: Autoencoder, classifier: Classifier, images: Images) -> dict[str, tuple[float, float]]:
    """The area under the curve of each line: on the images that are black on white, and on those in colour."""
    rows = some(images, len(images.pixels))
    shown, style = images.painted(rows, np.random.default_rng(0))
    scores, wanted = classifier.logits(autoencoder.codes(torch.from_numpy(shown))), told(images, rows, classifier.names)
    plain, colour = (torch.from_numpy(style == one) for one in (PLAIN, COLOUR))
    return {
        name: (auroc(scores[plain, k], wanted[plain, k]), auroc(scores[colour, k], wanted[colour, k]))
        for k, name in enumerate(classifier.names)
    }


def slant(share: Tensor) -> Tensor:
    """Tangent of the slant (N,) of ink, given as shares (N, 1, H, W)."""
    weight = share[:, 0] / share[:, 0].sum((1, 2), keepdim=True).clamp(min=1e-6)
    y, x = torch.meshgrid(*(torch.arange(side, dtype=torch.float32) for side in share.shape[-2:]), indexing="ij")
    mean_x, mean_y = ((weight * axis).sum((1, 2), keepdim=True) for axis in (x, y))
    xy, yy = (weight * (x - mean_x) * (y - mean_y)).sum((1, 2)), (weight * (y - mean_y) ** 2).sum((1, 2))
    return -xy / yy.clamp(min=1e-6)


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(prog="superpose_glyphs.judge.codes", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="npz file of real glyphs")
    parser.add_argument("--weights", type=Path, help="folder of weights; absent: the embedded ones")
    parser.add_argument("--each", type=int, default=256, help="images that are taken there and back")
    parser.add_argument("--steps", type=int, default=100, help="of DDIM, each way")
    parser.add_argument("--strength", type=float, nargs="*", default=[0.1, 0.2, 0.3], help="how far to move")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    seen, unseen = Images.read(chosen.data, HELD_OUT)
    model = GlyphsDiffae(path=chosen.weights)
    predictor = cast(NetworkPredictor, model.load())
    networks = cast(Codes, predictor.encode_prompt).networks
    autoencoder = Autoencoder(predictor, networks, make("scheduler", "ddim", steps=chosen.steps, grid="ddim-openai"))
    for to_noise in (True, False):
        say(
            f"{'to noise: ' if to_noise else 'to the first level: '}"
            + returned(attrs.evolve(autoencoder, to_noise=to_noise), painted(unseen, some(unseen, chosen.each)))
        )
    for whose, lines in (("its own line", networks.classifier), ("a line fitted", probes(autoencoder, seen))):
        if lines is not None:
            for name, (plain, colour) in areas(autoencoder, lines, unseen).items():
                say(f"{name}: {whose} has an area under the curve of {plain:.3f}, in colour {colour:.3f}")
    if networks.classifier is not None:
        for strength in chosen.strength:
            moved(autoencoder, networks.classifier, unseen, chosen.each, strength)


def returned(autoencoder: Autoencoder, images: Tensor) -> str:
    """Errors of images that come back: with their own noise, and with any."""
    codes = autoencoder.codes(images)
    anyones = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    errors = [
        (autoencoder.images(noise, codes) - images).square().mean((1, 2, 3))
        for noise in (autoencoder.hidden(images, codes), anyones)
    ]
    return "; ".join(
        f"{what} {float(error.mean()):.4f} (median {float(error.median()):.4f}, worst {float(error.max()):.4f})"
        for what, error in zip(("mean square error", "with any noise"), errors, strict=True)
    )


def moved(autoencoder: Autoencoder, classifier: Classifier, images: Images, count: int, strength: float) -> None:
    """Say what moving codes of plain upright fonts does."""
    rows = some(images, count, plain=True)
    clean = painted(images, rows)
    codes, labels = autoencoder.codes(clean), torch.from_numpy(images.labels[rows].astype(np.int64))
    noise, reader = autoencoder.hidden(clean, codes), load_reader(EMBEDDED / "glyphs-classifier")
    before, _ = inked(clean)
    for name in ("bold", "italic"):
        for way in (strength, -strength):
            after_images = autoencoder.images(noise, codes + way * classifier.direction(name))
            after, _ = inked(after_images)
            ratio = after.mean((1, 2, 3)) / before.mean((1, 2, 3)).clamp(min=1e-3)
            lean = torch.rad2deg(slant(after).atan() - slant(before).atan())
            with torch.inference_mode():
                read = reader(after_images, torch.tensor(0)).argmax(1) == labels
            more = (ratio > 1) if name == "bold" else (lean > 0)
            what = "heavier" if name == "bold" else "more to the right"
            say(
                f"{name} {way:+.2f}: ink x {float(ratio.median()):.2f}, slant {float(lean.median()):+.1f} degrees "
                f"(medians); {float(more.float().mean()):.1%} of {len(more)} are {what}; "
                f"{float(read.float().mean()):.1%} are read as before"
            )


if __name__ == "__main__":
    main()
