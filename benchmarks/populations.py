"""Populations on ambigrams: eight particles against plain averaging and the best of eight, at equal network rows.

    python benchmarks/populations.py

Each method makes 100 samples of each pair and asks the network 320 rows a sample; no two share noise. The variant of
steering was named before any was run: the potential ``diff``, lambda 5, weighed every other step. A sample counts where
both readings are right, whatever their case: as the classifier reads that weighs, and as Bayes' rule does on the exact
mixture of letters, which took no part. How well that reads single letters of the network is printed first.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

import superpose
from superpose.search.tally import wilson

PAIRS = (("A", "V"), ("R", "e"), ("S", "Y"))
SAMPLES, SIZE, STEPS, AT_ONCE = 100, 8, 10, 10
MODEL = '[model]\nkind = "glyphs"\n[guidance]\nkind = "cfg"\nscale = 5.0\n[scheduler]\nkind = "ddim"\neta = 0.5\n'
VIEWS = '[[view]]\nkind = "identity"\nprompt = "{}"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "{}"\n'
REWARD = f'size = {SIZE}\nclassifier = {{ kind = "glyphs-classifier" }}\n'
METHODS = {
    "plain averaging, 80 steps": (STEPS * SIZE, ""),
    "the best of 8, 10 steps": (STEPS, f'[population]\nkind = "best-of"\n{REWARD}'),
    "8 particles steered, 10 steps": (STEPS, f'[population]\nkind = "fk-steering"\nscale = 5.0\nevery = 2\n{REWARD}'),
}
#: Names of the classes that a picture (N, C, H, W) is read as.
Reader = Callable[[Tensor], list[str]]


def images(recipe: str, steps: int, seed: int, count: int) -> Tensor:
    """So many samples of a recipe, (count, C, H, W)."""
    recipe = f"{recipe}\n[run]\nseed = {seed}\n"
    composed = superpose.compose(superpose.loads(recipe, overrides=[f"scheduler.steps={steps}"]))
    batches = torch.arange(count).split(AT_ONCE)
    return torch.cat([composed.trajectory(batch.tolist()).run() for batch in batches])


def in_black(pictures: Tensor) -> Tensor:
    """Pictures in black on white, as the mixture knows letters: what the border has is white."""
    grey = pictures.mean(1).flatten(1)
    border = pictures.mean(1)[:, [0, -1]].flatten(1).median(1).values[:, None]
    off = (grey - border).abs()
    white = 1 - 2 * off / off.amax(1, keepdim=True).clamp(min=1e-6)
    return white.view(-1, 1, *pictures.shape[2:]).expand_as(pictures)


def readers() -> dict[str, Reader]:
    """The classifier that weighs, and Bayes' rule on the exact mixture."""
    kind = superpose.make("classifier", "glyphs-classifier")
    judge, exact = kind.load(), superpose.model("mixture")
    names = exact.prompts
    labels = torch.tensor([kind.label(name) for name in names])

    @torch.no_grad()
    def weighing(pictures: Tensor) -> list[str]:
        logits = judge.logits(pictures, kind.schedule.level(0, 0))[:, labels]
        return [names[place] for place in logits.argmax(1).tolist()]

    def other(pictures: Tensor) -> list[str]:
        rows = in_black(pictures).flatten(1).double()
        # Twice as blurred as letters of print: strokes of the network are not as sharp.
        found = exact.images.noisy(1.0, 0.5).log_densities(rows)
        return [names[place] for place in found.argmax(1).tolist()]

    return {"the classifier that weighs": weighing, "the mixture, which took no part": other}


def right(reader: Reader, pictures: Tensor, wanted: str) -> Tensor:
    """Whether each picture is read as what it is to show, in whatever case."""
    return torch.tensor([name.lower() == wanted.lower() for name in reader(pictures)])


def share(hits: int, count: int) -> str:
    """A share in %, with its interval of 95 % confidence."""
    low, high = wilson(hits, count)
    return f"{100 * hits / count:.0f} [{100 * low:.0f}, {100 * high:.0f}]"


def main() -> None:
    """Print the table."""
    began, judges = time.perf_counter(), readers()
    letters = sorted({name for pair in PAIRS for name in pair})
    singles = {name: images(f'prompt = "{name}"\n{MODEL}', 20, 7, 20) for name in letters}
    for told, reader in judges.items():
        hits = sum(int(right(reader, shown, name).sum()) for name, shown in singles.items())
        print(f"single letters read right by {told}: {share(hits, 20 * len(letters))} %", flush=True)
    print("\n| reader | method | " + " | ".join(f"{a} / {b}" for a, b in PAIRS) + " | all |")
    print("|---|---|" + "---|" * (len(PAIRS) + 1))
    for number, (name, (steps, population)) in enumerate(METHODS.items()):
        counts: dict[str, list[int]] = {told: [] for told in judges}
        for place, pair in enumerate(PAIRS):
            recipe = MODEL + VIEWS.format(*pair) + population
            shown = images(recipe, steps, 1000 + 10 * number + place, SAMPLES)
            turned = shown.rot90(2, (2, 3))
            for told, reader in judges.items():
                both = right(reader, shown, pair[0]) & right(reader, turned, pair[1])
                counts[told].append(int(both.sum()))
        for told, hits in counts.items():
            cells = [share(each, SAMPLES) for each in hits] + [share(sum(hits), SAMPLES * len(PAIRS))]
            print(f"| {told} | {name} | " + " | ".join(cells) + " |", flush=True)
    print(f"\n{SAMPLES} samples a pair, 95 % intervals (Wilson), {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
