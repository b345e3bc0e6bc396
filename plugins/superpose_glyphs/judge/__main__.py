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
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from superpose import replacing
from superpose_glyphs.judge.drawing import PAIRS, Draw, guided
from superpose_glyphs.judge.enlarged import nearness
from superpose_glyphs.judge.network import HELD_OUT, Judge, distance, look, same, shown, train
from superpose_glyphs.judge.noisy import read_through_noise
from superpose_glyphs.judge.telling import say, share, told, ways
from superpose_glyphs.judge.words import kept, words
from superpose_glyphs.latent import GlyphsLatent
from superpose_glyphs.model import EMBEDDED, Glyphs, GlyphsCascade
from superpose_glyphs.reader import load_reader
from superpose_glyphs.train.batches import Array, Images
from superpose_glyphs.train.moving import FREEDOM
from superpose_glyphs.vocabulary import GLYPHS

#: What is asked of a glyph, by the program that asks it.
PROMPTS = {
    "name": ("{}", "colour {}"),
    "phrases": ("{}", "bold italic {}", "{} in red on yellow", "light {} in white on blue"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="superpose_glyphs.judge", description="Read what the glyph networks draw.")
    parser.add_argument("what", choices=["train", "name", "pairs", "noisy", "phrases", "enlarged"])
    parser.add_argument("--data", type=Path, required=True, help="npz file of real glyphs")
    parser.add_argument("--state", type=Path, required=True, help="folder of the judge")
    parser.add_argument("--weights", type=Path, help="folder of a network's weights; absent: the embedded ones")
    parser.add_argument("--judge-steps", type=int, default=9000, help="of the judge's training")
    parser.add_argument("--moved", action="store_true", help="train: on letters moved, resized and a little turned")
    parser.add_argument("--each", type=int, default=4, help="drawings of each prompt or pair")
    parser.add_argument("--steps", type=int, default=50, help="of DDIM")
    parser.add_argument("--guidance", choices=["cfg", "classifier"], default="cfg")
    parser.add_argument("--scale", type=float, default=4.0, help="of guidance")
    parser.add_argument("--base", type=float, default=1.0, help="scale of what a classifier steers; 0 has no prompt")
    parser.add_argument("--reader", type=Path, help="folder of that classifier's weights; absent: the embedded ones")
    parser.add_argument("--eta", type=float, default=0.0, help="of DDIM")
    parser.add_argument(
        "--against",
        action="store_true",
        help="pairs: the negative prompt of each is the other, for scales of cfg, or of --base, above 1",
    )
    parser.add_argument(
        "--precision", choices=["float32", "bfloat16"], default="float32", help="of the judge's training"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    chosen = _parser().parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    judge, (seen, unseen) = Judge(), Images.read(chosen.data, HELD_OUT)
    path = chosen.state / "judge.pt"
    if chosen.what == "train":
        chosen.state.mkdir(parents=True, exist_ok=True)
        train(judge, seen, chosen.judge_steps, freedom=FREEDOM if chosen.moved else None, precision=chosen.precision)
        with replacing(path) as temporary:
            torch.save(judge.state_dict(), temporary)
    if chosen.what == "noisy":
        noisy(chosen.weights or EMBEDDED / "glyphs-classifier", unseen)
        return
    if chosen.what == "enlarged":
        upscaler = GlyphsCascade(path=chosen.weights).load()
        for way, decibels in nearness(upscaler, unseen, chosen.steps).items():
            say(f"{way}: {decibels:.2f} dB")
        return
    judge.load_state_dict(torch.load(path, weights_only=True))
    judge.eval()
    images, labels = shown(unseen, _some(unseen, 4000), np.random.default_rng(0))
    real, read = look(judge, images)
    say(f"real glyphs of families never seen: {share(same(read, labels))} read right")
    if chosen.what != "train":
        guidance = guided(chosen.guidance, chosen.scale, chosen.base, chosen.reader)
        model = (GlyphsLatent if chosen.what == "phrases" else Glyphs)(path=chosen.weights)
        draw = Draw(model.load(), guidance, chosen.steps, chosen.each, chosen.against, chosen.eta)
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
        say(f"{prompt.format('A')!r} and so on: {share(torch.cat(right))} read as asked")
    say(f"distance from real glyphs: {distance(torch.cat(features), real):.3f}")


def phrases(draw: Draw, unseen: Images) -> None:
    """Say how well the first stage keeps an image, and what the words of phrases do."""
    say(f"first stage: {kept(draw.predictor, unseen):.1f} dB")
    for word, drawn in words(draw.glyph).items():
        say(f"{word}: {drawn:.1%}")


def pairs(judge: Judge, draw: Draw) -> None:
    """Say how many drawings of each pair read as asked both ways up, upright, and turned."""
    shares = []
    for pair in PAIRS:
        a, b = pair[0], pair[1]
        images = draw.ambigram(a, b)
        up, down = (
            same(look(judge, seen)[1], torch.full((draw.each,), GLYPHS.index(glyph)))
            for glyph, seen in ((a, images), (b, images.flip(2, 3)))
        )
        shares.append(ways(up, down))
        say(f"{a}/{b}: {told(shares[-1])}")
    say(f"mean of {len(PAIRS)} pairs: {told(np.mean(shares, 0))}")


def noisy(folder: Path, unseen: Images) -> None:
    """Say how many real glyphs a noisy classifier reads right, at some noise levels."""
    images, labels = shown(unseen, _some(unseen, 2000), np.random.default_rng(0))
    for t, read in read_through_noise(load_reader(folder), images):
        say(f"t = {t}: {share(same(read, labels))} read right, {share(read == labels)} with case")


def _some(images: Images, count: int) -> Array:
    return np.random.default_rng(0).permutation(len(images.pixels))[:count]


if __name__ == "__main__":
    main()
