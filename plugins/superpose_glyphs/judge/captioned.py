"""A network that reads pictograms, to say what ``pictograms`` draws.

``train`` teaches it real icons, moved as the network's were, and tells how many it reads right of icon sets it never
saw. ``name`` has every word drawn: how many read as asked, how many obey "outline" and "solid", and how near drawings
are to what was learned: a picture of some beside the icon most like them. Outlines are told from solids by a second
network, which learned the styles of the data and the outlines of its solids, and by the data's own rule, which any gap
in a line defeats. ``pairs`` reads anagrams of the pairs that a search found (``superpose pairs``), with plain averaging
and with a classifier's guidance. ``noisy`` tells how well ``pictograms-classifier`` reads icons of sets it never saw,
through noise.

``python -m superpose_glyphs.judge.captioned train --data pictograms64.npz --state FOLDER``
``python -m superpose_glyphs.judge.captioned name --data pictograms64.npz --state FOLDER --each 17``
``python -m superpose_glyphs.judge.captioned pairs --data pictograms64.npz --state FOLDER --pairs pairs.json``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import attrs
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from superpose import replacing, to_pixels
from superpose_glyphs.captions import DRAWN, read_caption
from superpose_glyphs.judge.drawing import Draw, guided
from superpose_glyphs.judge.network import HELD_OUT, Judge, look, shown, train
from superpose_glyphs.judge.noisy import read_through_noise
from superpose_glyphs.judge.outlines import hollowed
from superpose_glyphs.judge.telling import say, share, told, ways
from superpose_glyphs.model import EMBEDDED
from superpose_glyphs.names import names_in
from superpose_glyphs.pictograms import Pictograms
from superpose_glyphs.reader import load_reader
from superpose_glyphs.train.batches import Array, Images
from superpose_glyphs.train.freedom import Freedom

#: A drawing is an outline where less than this share of its filled silhouette is ink, as in the data.
SOLID = 0.55

#: Drawings that are shown beside the icons most like them.
NEAREST = 30


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    chosen = _parser().parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    seen, unseen = Images.read(chosen.data, HELD_OUT)
    if chosen.what == "noisy":
        noisy(chosen.reader or EMBEDDED / "pictograms-classifier", unseen)
        return
    judge, style = Judge(seen.subject.classes), Judge(DRAWN)
    networks = {chosen.state / "judge.pt": (judge, seen), chosen.state / "style.pt": (style, drawn(seen))}
    for path, (network, images) in networks.items():
        if chosen.what == "train" and not path.exists():
            chosen.state.mkdir(parents=True, exist_ok=True)
            train(network, images, chosen.judge_steps, freedom=Freedom(), precision=chosen.precision)
            with replacing(path) as temporary:
                torch.save(network.state_dict(), temporary)
        network.load_state_dict(torch.load(path, weights_only=True))
        network.eval()
    model = Pictograms(path=chosen.weights)
    real("read right, of all words", judge, unseen)
    real(f"read right, of the {len(model.words)} words", judge, unseen.only(model.words))
    real(f"read right among the {len(model.words)} words", judge, unseen.only(model.words), model.words)
    real("told outline from solid", style, drawn(unseen))
    if chosen.what == "train":
        return
    if chosen.steer is None:
        guidance = guided("cfg", chosen.scale, 1.0)
    else:
        guidance = guided("classifier", chosen.steer, chosen.scale, chosen.reader, "pictograms-classifier")
    draw = Draw(
        model.load(dtype=chosen.precision), guidance, chosen.steps, chosen.each, eta=chosen.eta, seed=chosen.seed
    )
    if chosen.what == "name":
        name(judge, style, draw, model.words, Images.read(chosen.data)[0], chosen.state)
    else:
        pairs(judge, draw, model.words, json.loads(chosen.pairs.read_text(encoding="utf-8"))["pairs"][: chosen.best])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="superpose_glyphs.judge.captioned", description="Read what the network of pictograms draws."
    )
    parser.add_argument("what", choices=["train", "name", "pairs", "noisy"])
    parser.add_argument("--data", type=Path, required=True, help="npz file of real icons")
    parser.add_argument("--state", type=Path, required=True, help="folder of the judge")
    parser.add_argument("--weights", type=Path, help="folder of a network's weights; absent: the embedded ones")
    parser.add_argument("--judge-steps", type=int, default=1300, help="of the judge's training")
    parser.add_argument("--pairs", type=Path, help="pairs.json of superpose pairs")
    parser.add_argument("--best", type=int, default=100, help="pairs of it that are drawn")
    parser.add_argument("--each", type=int, default=4, help="drawings of each prompt or pair")
    parser.add_argument("--steps", type=int, default=50, help="of DDIM")
    parser.add_argument("--scale", type=float, default=4.0, help="of classifier-free guidance")
    parser.add_argument("--steer", type=float, help="scale of the guidance of a classifier; absent: without")
    parser.add_argument("--reader", type=Path, help="folder of that classifier's weights; absent: the embedded ones")
    parser.add_argument("--eta", type=float, default=0.0, help="of DDIM")
    parser.add_argument("--seed", type=int, default=1, help="of the noise; that of a search is 0")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser


def real(what: str, judge: Judge, unseen: Images, words: tuple[str, ...] | None = None) -> None:
    """Say how many icons of sets that it never saw the judge reads right, of all its classes or of ``words`` alone."""
    images, labels = shown(unseen, np.arange(len(unseen.pixels)), np.random.default_rng(0))
    asked = torch.tensor([judge.classes.index(one) for one in unseen.subject.classes])[labels]
    say(f"real icons of sets never seen, {what}: {share(look(judge, images, words)[1] == asked)}")


def noisy(folder: Path, unseen: Images) -> None:
    """Say how many icons a noisy classifier reads right, of its words and at some noise levels."""
    words = names_in(folder / "classes.json")
    mine = unseen.only(words)
    images, labels = shown(mine, np.arange(len(mine.pixels)), np.random.default_rng(0))
    asked = torch.tensor([words.index(one) for one in mine.subject.classes])[labels]
    for t, read in read_through_noise(load_reader(folder, side=images.shape[-1]), images):
        say(f"t = {t}: {share(read == asked)} read right")


def drawn(icons: Images) -> Images:
    """Icons whose class is how they are drawn: 0 is an outline, 1 is solid.

    With the outlines of those that are solid: who learned but four bicycles of lines would know all by their word.
    """
    solid = icons.styles == 0
    both = {
        "pixels": np.concatenate((icons.pixels, hollowed(icons.pixels[solid]))),
        "labels": np.concatenate((1 - icons.styles, np.zeros(solid.sum(), np.int64))),
        "styles": np.concatenate((icons.styles, np.ones_like(icons.styles[solid]))),
        "sources": np.concatenate((icons.sources, icons.sources[solid])),
    }
    return attrs.evolve(icons, subject=attrs.evolve(icons.subject, classes=DRAWN), **both)


def name(judge: Judge, style: Judge, draw: Draw, words: tuple[str, ...], learned: Images, folder: Path) -> None:
    """Say how many drawings of each kind of caption read as asked, and whether styles are obeyed."""
    for caption in ("{}", "outline {}", "solid {}", "colour {}", "{} in red on yellow"):
        right, obeyed, ruled, drawings = dict[str, Tensor](), [], [], []
        for word in words:
            drawings.append(draw.glyph(caption.format(word)))
            right[word] = look(judge, drawings[-1])[1] == judge.classes.index(word)
            if drawing := read_caption(caption.format(word), words).drawing:
                obeyed.append(look(style, drawings[-1])[1] == DRAWN.index(drawing))
                ruled.append(outlined(drawings[-1]) == (drawing == DRAWN[0]))
        say(f"{caption.format('cat')!r} and so on: {share(torch.cat([*right.values()]))} read as asked")
        if obeyed:
            say(f"  drawn so: {share(torch.cat(obeyed))}; by the rule of the data: {share(torch.cat(ruled))}")
        if caption == "{}":
            say("  never: " + ", ".join(word for word, hits in right.items() if not hits.any()))
            chosen = torch.cat(drawings)[np.random.default_rng(0).permutation(len(words) * draw.each)[:NEAREST]]
            likeness, picture = nearest(chosen, learned)
            picture.save(folder / "nearest.png")
            say(f"  likeness to the icon most like each of {NEAREST}: {', '.join(f'{one:.2f}' for one in likeness)}")


def pairs(judge: Judge, draw: Draw, words: tuple[str, ...], found: list[dict[str, str]]) -> None:
    """Say how many drawings of each pair read as asked both ways up, of all words and of those that are drawn alone."""
    among = {f"of all {len(judge.classes)} words": None, f"of the {len(words)} words": words}
    shares: dict[str, list[list[float]]] = {name: [] for name in among}
    for pair in found:
        images = draw.ambigram(pair["first"], pair["second"])
        asked = [judge.classes.index(str(read_caption(pair[it], judge.classes).word)) for it in ("first", "second")]
        for name, which in among.items():
            ways_up = zip(asked, (images, images.flip(2, 3)), strict=True)
            shares[name].append(ways(*(look(judge, seen, which)[1] == word for word, seen in ways_up)))
        say(
            f"{pair['first']}/{pair['second']}: " + "; ".join(f"{name} {told(one[-1])}" for name, one in shares.items())
        )
    for name, one in shares.items():
        say(f"mean of {len(found)} pairs, {name}: {told(np.mean(one, 0))}")


def outlined(images: Tensor) -> Tensor:
    """Which drawings (N, 3, H, W) are outlines: ink is less than `SOLID` of the silhouette that it closes."""
    ink = images.float().mean(1) < 0
    # Paper that can be reached from the frame, step by step; what can't be is inside.
    outside = nn.functional.pad(torch.zeros_like(ink), (1, 1, 1, 1), value=True)
    paper = ~nn.functional.pad(ink, (1, 1, 1, 1), value=False)
    while True:
        grown = outside.clone()
        for dimension in (1, 2):
            for way in (-1, 1):
                grown |= outside.roll(way, dimension)
        grown &= paper
        if torch.equal(grown, outside):
            break
        outside = grown
    silhouette = (~outside[:, 1:-1, 1:-1]).sum((1, 2)).clamp(min=1)
    return ink.sum((1, 2)) / silhouette < SOLID


def nearest(images: Tensor, learned: Images) -> tuple[list[float], Image.Image]:
    """The likeness of each drawing to the icon most like it, and all of them above these icons.

    Likeness is the correlation of ink, blurred to 16x16 places: 1 is a copy. Shifts by up to two places and mirror
    images are tried.
    """
    ink = _features(((1 - images.float().mean(1, keepdim=True)) / 2).clamp(0, 1))
    icons = torch.from_numpy(np.ascontiguousarray(learned.pixels))[:, None].float() / 255
    known = _normed(_features(icons).flatten(1))
    best, where = torch.full((len(images),), -1.0), torch.zeros(len(images), dtype=torch.long)
    for mirrored in (ink, ink.flip(3)):
        for down in range(-2, 3):
            for right in range(-2, 3):
                likeness = _normed(mirrored.roll((down, right), (2, 3)).flatten(1)) @ known.T
                top, row = likeness.max(1)
                where = torch.where(top > best, row, where)
                best = torch.maximum(best, top)
    tiles = np.concatenate([to_pixels(images.float()), _icons(learned.pixels[where.numpy()])], 1)
    return best.tolist(), Image.fromarray(np.concatenate(list(tiles), 1))


def _icons(coverage: Array) -> Array:
    return np.repeat(255 - coverage[..., None], 3, 3)


def _features(ink: Tensor) -> Tensor:
    return nn.functional.avg_pool2d(ink, ink.shape[-1] // 16)


def _normed(rows: Tensor) -> Tensor:
    return nn.functional.normalize(rows - rows.mean(1, keepdim=True), dim=1)


if __name__ == "__main__":
    main()
