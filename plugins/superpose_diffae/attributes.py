r"""Attributes of images, read off their semantic codes by a line: scoring them, learning them, and moving along them.

A linear classifier is trained on normed codes, :math:`(z - \mu) / s`. Moving an image along attribute k is

.. math:: z' = z + a \sqrt{512}\; s \, w_k / \lVert w_k \rVert

with the literal 512 of the original whatever the width of the code. How well an attribute shows is the area under the
receiver operating characteristic, which is the chance that an image with it scores higher than one without.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from superpose import RecipeError, read_image
from superpose.nn import read_weights
from superpose_diffae.celeba import CELEBA

_STATISTICS = ("conds_mean", "conds_std")


@attrs.frozen(eq=False)
class Classifier:
    """A line for each attribute.

    Attributes:
        weight: :math:`w`, shape (K, E).
        bias: Shape (K,).
        mean: :math:`\\mu`, shape (1, E).
        deviation: :math:`s`, shape (1, E).
        names: What the K rows are called; empty where nobody said.
    """

    weight: Tensor
    bias: Tensor
    mean: Tensor
    deviation: Tensor
    names: tuple[str, ...] = ()

    def row(self, attribute: str | int) -> int:
        """The row of an attribute.

        Raises:
            RecipeError: There is no such attribute.
        """
        if isinstance(attribute, int) and 0 <= attribute < len(self.weight):
            return attribute
        if attribute in self.names:
            return self.names.index(str(attribute))
        known = ", ".join(self.names) or "its rows have no names"
        raise RecipeError(f"the classifier has no attribute {attribute!r}: write 0 to {len(self.weight) - 1} ({known})")

    def logits(self, codes: Tensor) -> Tensor:
        """Scores (N, K) of codes (N, E): log odds, positive where the attribute is seen."""
        return torch.nn.functional.linear((codes - self.mean) / self.deviation, self.weight, self.bias)

    def direction(self, attribute: str | int) -> Tensor:
        """What strength 1 adds to a code, shape (1, E)."""
        weight = torch.nn.functional.normalize(self.weight[self.row(attribute)][None], dim=1)
        return weight * math.sqrt(512) * self.deviation

    def save(self, path: Path) -> None:
        """Write a safetensors file that ``classifier`` of the model's table reads."""
        tensors = {"weight": self.weight, "bias": self.bias}
        file = {f"classifier.{name}": value.contiguous() for name, value in tensors.items()}
        file |= dict(zip(_STATISTICS, (self.mean.contiguous(), self.deviation.contiguous()), strict=True))
        save_file(file, path, metadata={"attributes": "\n".join(self.names)})


def read_classifier(
    path: Path, statistics: tuple[Tensor, Tensor] | None = None, *, average: bool = False, device: str = "cpu"
) -> Classifier:
    """A classifier from the original program's checkpoint, or from `Classifier.save`.

    Arguments:
        path: The file.
        statistics: Mean and deviation of codes, each (1, E), where the file has none of its own.
        average: Take the averaged weights that the file has as well; the original program takes the raw ones.
        device: Where it goes.

    Raises:
        RecipeError: The file is missing, damaged, or holds no linear classifier.
    """
    found = read_weights(path, device)
    prefix = "ema_classifier." if average else "classifier."
    weight, bias = (found.get(f"{prefix}{name}") for name in ("weight", "bias"))
    if weight is None or bias is None or weight.dim() != 2:
        raise RecipeError(f"{path} holds no linear classifier: it needs {prefix}weight and {prefix}bias")
    if all(name in found for name in _STATISTICS):
        statistics = found["conds_mean"].view(1, -1), found["conds_std"].view(1, -1)
    if statistics is None:
        raise RecipeError(f"{path} has no conds_mean and conds_std: write statistics = the latent.pkl it was trained with")
    if not weight.shape[1] == statistics[0].shape[1] == statistics[1].shape[1]:
        raise RecipeError(f"{path} reads codes of {weight.shape[1]}, and the statistics are of {statistics[0].shape[1]}")
    return Classifier(weight, bias, *statistics, names=_names(path, len(weight)))


def _names(path: Path, count: int) -> tuple[str, ...]:
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            written = (file.metadata() or {}).get("attributes", "")
        return tuple(written.split("\n")) if written else ()
    return CELEBA if count == len(CELEBA) else ()


def auroc(scores: Tensor, labels: Tensor) -> float:
    """The chance that a positive scores higher than a negative, ties counting half; exact. NaN without one of both.

    Arguments:
        scores: Shape (N,).
        labels: Shape (N,): true for positives.
    """
    labels = labels.bool()
    _, place, counts = scores.double().unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    ranks = (last - (counts - 1) / 2)[place]  # from 1; equal scores share the mean of theirs
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if positives == 0 or negatives == 0:
        return math.nan
    above = float(ranks[labels].sum()) - positives * (positives + 1) / 2
    return above / (positives * negatives)


def fit(codes: Tensor, labels: Tensor, names: Sequence[str] = (), *, decay: float = 1e-2, steps: int = 200) -> Classifier:
    """A classifier by logistic regression: the minimum of the mean log loss plus a ridge, found by L-BFGS.

    Arguments:
        codes: Shape (N, E).
        labels: Shape (N, K): 1 with the attribute, 0 without.
        names: Of the attributes.
        decay: Weight of half the squared length of each row.
        steps: Iterations at most.
    """
    mean, deviation = codes.mean(0, keepdim=True), codes.std(0, keepdim=True).clamp(min=1e-6)
    normed, wanted = ((codes - mean) / deviation).double(), labels.double()
    weight = torch.zeros(wanted.shape[1], codes.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(wanted.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=steps, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = torch.nn.functional.linear(normed, weight, bias)
        odds = torch.nn.functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
        value: Tensor = odds.mean(0).sum() + decay / 2 * weight.square().sum()
        torch.autograd.backward(value)
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    return Classifier(weight.detach().float(), bias.detach().float(), mean, deviation, tuple(names))


@attrs.frozen(eq=False)
class Report:
    """How well each attribute is read off codes.

    Attributes:
        classifier: What reads them.
        area: Area under the curve on the images kept apart, by attribute; NaN where they do not have both answers.
        positives: How many of those images have the attribute.
        images: How many there are.
    """

    classifier: Classifier
    area: dict[str, float]
    positives: dict[str, int]
    images: int

    def __str__(self) -> str:
        """A table, the best first."""
        width = max(map(len, ("attribute", *self.area)))
        rows = sorted(self.area.items(), key=lambda pair: -pair[1] if pair[1] == pair[1] else math.inf)
        lines = [f"{name:<{width}}  {area:.4f}  {self.positives[name]}/{self.images}" for name, area in rows]
        return "\n".join([f"{'attribute':<{width}}  AUROC   with", *lines])


def report(
    encode: Callable[[Tensor], Tensor],
    shape: tuple[int, int, int],
    labels: Path,
    *,
    keep: float = 0.2,
    seed: int = 0,
    batch: int = 16,
) -> Report:
    """Learn to read attributes off the codes of labelled images, and say how well that goes on images kept apart.

    Arguments:
        encode: Images (N, C, H, W) to codes (N, E): a predictor's ``semantic``.
        shape: The (C, H, W) of images.
        labels: A CSV file: ``file,Smiling,Young`` above, then a path (relative to it) and 1, 0 or -1 for each.
        keep: Share of the images kept apart, at least one.
        seed: Which these are.
        batch: Images encoded at once.

    Raises:
        RecipeError: The file or an image cannot be read.
    """
    files, names, wanted = read_labels(labels)
    codes = torch.cat(
        [encode(torch.stack([read_image(file, shape) for file in files[i : i + batch]])).cpu() for i in range(0, len(files), batch)]
    )
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(seed))
    apart = order[: max(1, round(keep * len(files)))]
    rest = order[len(apart) :]
    if len(rest) < 2:
        raise RecipeError(f"{labels}: {len(files)} images are too few to learn from some and keep others apart")
    classifier = fit(codes[rest], wanted[rest], names)
    scores = classifier.logits(codes[apart])
    area = {name: auroc(scores[:, k], wanted[apart, k]) for k, name in enumerate(names)}
    return Report(classifier, area, {name: int(wanted[apart, k].sum()) for k, name in enumerate(names)}, len(apart))


def read_labels(path: Path) -> tuple[list[Path], tuple[str, ...], Tensor]:
    """Image files, names of attributes, and labels (N, K) of 0 and 1, from a CSV file.

    Raises:
        RecipeError: It is missing, or a line of it does not fit the first.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecipeError(f"{path} is not a readable CSV file: {error}") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise RecipeError(f"{path}: expected a line such as file,Smiling,Young and a line for each image below it")
    names = tuple(name.strip() for name in rows[0][1:])
    files, labels = [], []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]) or not {cell.strip() for cell in row[1:]} <= {"1", "0", "-1"}:
            raise RecipeError(f"{path}:{number}: expected a file and {len(names)} times 1, 0 or -1, got {','.join(row)!r}")
        files.append(path.parent / row[0].strip())
        labels.append([float(cell.strip() == "1") for cell in row[1:]])
    return files, names, torch.tensor(labels)
