"""Populations on ambigrams: eight particles against plain averaging and the best of eight, at equal network rows.

    python benchmarks/populations.py
    python benchmarks/populations.py --judge FOLDER --data pictograms64.npz

The second is of pictograms; FOLDER is that of ``python -m superpose_glyphs.judge.captioned train``.

Each method makes 100 samples of each pair and asks the network 320 rows a sample; no two share noise. The variant of
steering was named before any was run: the potential ``diff``, lambda 5, weighed every other step. A sample counts where
both readings are right, whatever their case: as the classifier reads that weighs, and as one that took no part: Bayes'
rule on the exact mixture of letters, or the judge of pictograms. How well both read single drawings of the network is
printed first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor

import superpose
from superpose.search.tally import wilson
from superpose_glyphs.captions import WORDS
from superpose_glyphs.judge.network import Judge, look

SAMPLES, SIZE, STEPS, AT_ONCE = 100, 8, 10, 10
VIEWS = '[[view]]\nkind = "identity"\nprompt = "{}"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "{}"\n'
METHODS = {
    "plain averaging, 80 steps": (STEPS * SIZE, ""),
    "the best of 8, 10 steps": (STEPS, 'kind = "best-of"\n'),
    "8 particles steered, 10 steps": (STEPS, 'kind = "fk-steering"\nscale = 5.0\nevery = 2\n'),
}
#: Names of the classes that a picture (N, C, H, W) is read as.
Reader = Callable[[Tensor], list[str]]


@attrs.frozen
class Drawn:
    """What is drawn, by whom, and who reads it.

    Attributes:
        model: Kind of the network.
        scale: Of classifier-free guidance.
        dtype: What it computes in.
        pairs: Names of the classes that one drawing is to show, the second upside down.
        prompt: Of a name.
        readers: Each by what it is called; the first is the classifier that weighs.
    """

    model: str
    scale: float
    dtype: str
    pairs: tuple[tuple[str, str], ...]
    prompt: str
    readers: dict[str, Reader]

    def recipe(self, subject: str, population: str = "") -> str:
        """A recipe of a subject."""
        reward = f'size = {SIZE}\nclassifier = {{ kind = "{self.model}-classifier" }}\n'
        guidance = f'[guidance]\nkind = "cfg"\nscale = {self.scale}\n[scheduler]\nkind = "ddim"\neta = 0.5\n'
        swarm = f"[population]\n{population}{reward}" if population else ""
        return f'{subject}[model]\nkind = "{self.model}"\n{guidance}{swarm}'

    def images(self, recipe: str, steps: int, seed: int, count: int) -> Tensor:
        """So many samples of a recipe, (count, C, H, W)."""
        recipe = f'{recipe}\n[run]\nseed = {seed}\ndtype = "{self.dtype}"\n'
        composed = superpose.compose(superpose.loads(recipe, overrides=[f"scheduler.steps={steps}"]))
        batches = torch.arange(count).split(AT_ONCE)
        return torch.cat([composed.trajectory(batch.tolist()).run().float() for batch in batches])


def in_black(pictures: Tensor) -> Tensor:
    """Pictures in black on white, as the mixture knows letters: what the border has is white."""
    grey = pictures.mean(1).flatten(1)
    border = pictures.mean(1)[:, [0, -1]].flatten(1).median(1).values[:, None]
    off = (grey - border).abs()
    white = 1 - 2 * off / off.amax(1, keepdim=True).clamp(min=1e-6)
    return white.view(-1, 1, *pictures.shape[2:]).expand_as(pictures)


def weighing(model: str, names: Sequence[str], prompt: str) -> Reader:
    """The classifier that weighs."""
    kind = superpose.make("classifier", f"{model}-classifier")
    judge, labels = kind.load(), torch.tensor([kind.label(prompt.format(name)) for name in names])

    @torch.no_grad()
    def reader(pictures: Tensor) -> list[str]:
        logits = judge.logits(pictures, kind.schedule.level(0, 0))[:, labels]
        return [names[place] for place in logits.argmax(1).tolist()]

    return reader


def letters() -> Drawn:
    """Letters, also read by Bayes' rule on the exact mixture."""
    exact: Any = superpose.model("mixture")

    def other(pictures: Tensor) -> list[str]:
        rows = in_black(pictures).flatten(1).double()
        # Twice as blurred as letters of print: strokes of the network are not as sharp.
        found = exact.images.noisy(1.0, 0.5).log_densities(rows)
        return [exact.prompts[place] for place in found.argmax(1).tolist()]

    pairs = (("A", "V"), ("R", "e"), ("S", "Y"))
    readers = {
        "the classifier that weighs": weighing("glyphs", exact.prompts, "{}"),
        "the mixture, which took no part": other,
    }
    return Drawn("glyphs", 5.0, "float32", pairs, "{}", readers)


def pictograms(folder: Path, data: Path) -> Drawn:
    """Pictograms, also read by a judge that learned real icons alone."""
    with np.load(data) as file:
        judge = Judge(tuple(map(str, file["classes"])))
    judge.load_state_dict(torch.load(folder / "judge.pt", weights_only=True))
    judge.eval()

    def other(pictures: Tensor) -> list[str]:
        return [judge.classes[place] for place in look(judge, pictures)[1].tolist()]

    pairs = (("house", "heart"), ("umbrella", "anchor"), ("car", "cat"))
    readers = {
        "the classifier that weighs": weighing("pictograms", WORDS, "solid {}"),
        "the judge, which took no part": other,
    }
    return Drawn("pictograms", 4.0, "bfloat16", pairs, "solid {}", readers)


def right(reader: Reader, pictures: Tensor, wanted: str) -> Tensor:
    """Whether each picture is read as what it is to show, in whatever case."""
    return torch.tensor([name.lower() == wanted.lower() for name in reader(pictures)])


def share(hits: int, count: int) -> str:
    """A share in %, with its interval of 95 % confidence."""
    low, high = wilson(hits, count)
    return f"{100 * hits / count:.0f} [{100 * low:.0f}, {100 * high:.0f}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", type=Path, help="folder of the judge of pictograms, which are drawn then")
    parser.add_argument("--data", type=Path, help="what that learned from: the file of icons")
    given = parser.parse_args()
    began = time.perf_counter()
    drawn = letters() if given.judge is None else pictograms(given.judge, given.data)
    names = sorted({name for pair in drawn.pairs for name in pair})
    prompts = {name: f'prompt = "{drawn.prompt.format(name)}"\n' for name in names}
    singles = {name: drawn.images(drawn.recipe(prompt), 20, 7, 20) for name, prompt in prompts.items()}
    for told, reader in drawn.readers.items():
        hits = sum(int(right(reader, shown, name).sum()) for name, shown in singles.items())
        print(f"single drawings read right by {told}: {share(hits, 20 * len(names))} %", flush=True)
    print("\n| reader | method | " + " | ".join(f"{a} / {b}" for a, b in drawn.pairs) + " | all |")
    print("|---|---|" + "---|" * (len(drawn.pairs) + 1))
    for number, (name, (steps, population)) in enumerate(METHODS.items()):
        counts: dict[str, list[int]] = {told: [] for told in drawn.readers}
        for place, pair in enumerate(drawn.pairs):
            views = VIEWS.format(*map(drawn.prompt.format, pair))
            shown = drawn.images(drawn.recipe("", population) + views, steps, 1000 + 10 * number + place, SAMPLES)
            turned = shown.rot90(2, (2, 3))
            for told, reader in drawn.readers.items():
                both = right(reader, shown, pair[0]) & right(reader, turned, pair[1])
                counts[told].append(int(both.sum()))
        for told, found in counts.items():
            cells = [share(each, SAMPLES) for each in found] + [share(sum(found), SAMPLES * len(drawn.pairs))]
            print(f"| {told} | {name} | " + " | ".join(cells) + " |", flush=True)
    print(f"\n{SAMPLES} samples a pair, 95 % intervals (Wilson), {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
