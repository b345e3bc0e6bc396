r"""Attributes of images, read off their semantic codes by a line: scoring them, learning them, and moving along them.

A linear classifier reads normed codes, :math:`(z - \mu) / s`. An image is moved along attribute k by

.. math:: z' = z + a \sqrt{512}\; s \, w_k / \lVert w_k \rVert

with the literal 512 of the original whatever the width of the code. How well an attribute shows is the area under the
receiver operating characteristic: the chance that an image with it scores higher than one without.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import torch
from torch import Tensor
from torch.nn import functional

from superpose import RecipeError, read_image, read_text, write_tensors
from superpose_networks import WeightFile

#: What files call mean and deviation of codes.
STATISTICS = ("conds_mean", "conds_std")
#: What the 40 rows of the public classifiers are called: the attributes of CelebA, in its own order.
CELEBA = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips", "Big_Nose",
    "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes",
    "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks", "Sideburns", "Smiling",
    "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace",
    "Wearing_Necktie", "Young",
)  # fmt: skip


@attrs.frozen(eq=False)
class Classifier:
    r"""A line for each of K attributes.

    Attributes:
        weight: :math:`w`, shape (K, E).
        bias: Shape (K,).
        mean: :math:`\mu`, shape (1, E).
        deviation: :math:`s`, shape (1, E).
        names: Of the attributes; empty where nobody gave any.
    """

    weight: Tensor
    bias: Tensor
    mean: Tensor
    deviation: Tensor
    names: tuple[str, ...] = ()

    def logits(self, codes: Tensor) -> Tensor:
        """Scores (N, K) of codes (N, E): log odds, positive where the attribute is seen."""
        return functional.linear((codes - self.mean) / self.deviation, self.weight, self.bias)

    def direction(self, attribute: str | int) -> Tensor:
        """Direction that strength 1 adds to a code, shape (1, E); `RecipeError` where no name or row is so called."""
        row = self.names.index(attribute) if attribute in self.names else attribute
        if not isinstance(row, int) or not 0 <= row < len(self.weight):
            known = ", ".join(self.names) or "they have no names"
            raise RecipeError(
                f"no attribute {attribute!r}: write a row, 0 to {len(self.weight) - 1}, or a name ({known})"
            )
        return functional.normalize(self.weight[row : row + 1], dim=1) * math.sqrt(512) * self.deviation

    def save(self, path: Path) -> None:
        """Write a safetensors file that the model's option ``classifier`` reads, names included."""
        file = {"classifier.weight": self.weight, "classifier.bias": self.bias}
        file |= {"conds_mean": self.mean, "conds_std": self.deviation}
        write_tensors(file, path, {"attributes": "\n".join(self.names)})


def read_classifier(
    path: Path, statistics: tuple[Tensor, Tensor] | None = None, *, average: bool = False, device: str = "cpu"
) -> Classifier:
    """A classifier from the original program's checkpoint, or from `Classifier.save`.

    Arguments:
        path: The file; `RecipeError` where it holds no linear classifier.
        statistics: Mean and deviation of codes, each (1, E), where the file has none of its own.
        average: Take the averaged weights that the file has as well; the original program takes the raw ones.
        device: Where it goes.
    """
    prefix = "ema_classifier." if average else "classifier."
    header = WeightFile(path, wanted=(f"{prefix}weight", f"{prefix}bias", *STATISTICS)).header
    found = {name: value.to(device, torch.float32) for name, value in header.values.items()}
    weight, bias = (found.get(f"{prefix}{name}") for name in ("weight", "bias"))
    if weight is None or bias is None or weight.dim() != 2:
        raise RecipeError(f"{path} holds no linear classifier: it needs {prefix}weight and {prefix}bias")
    if all(name in found for name in STATISTICS):
        mean, deviation = (found[name].view(1, -1) for name in STATISTICS)
        statistics = mean, deviation
    if statistics is None or weight.shape[1] != statistics[0].shape[1]:
        raise RecipeError(
            f"{path} reads codes of {weight.shape[1]} and their mean and deviation are not known: write statistics = "
            "the latent.pkl that it was trained with"
        )
    names = CELEBA if len(weight) == len(CELEBA) else ()
    if path.suffix == ".safetensors":
        names = tuple(filter(None, header.notes.get("attributes", "").split("\n")))
    return Classifier(weight, bias, *statistics, names=names)


def auroc(scores: Tensor, labels: Tensor) -> float:
    """The chance that a positive scores higher than a negative, ties counting half; exact. NaN without one of both.

    ``scores`` and ``labels`` have shape (N,); labels are true for positives.
    """
    labels = labels.bool()
    _, place, counts = scores.double().unique(return_inverse=True, return_counts=True)
    ranks = (counts.cumsum(0) - (counts - 1) / 2)[place].double()  # from 1; equal scores share the mean of theirs
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return math.nan
    return (float(ranks[labels].sum()) - positives * (positives + 1) / 2) / (positives * negatives)


def fit(codes: Tensor, labels: Tensor, names: Sequence[str] = (), decay: float = 1e-2) -> Classifier:
    """A classifier by logistic regression: the least mean log loss plus half of ``decay`` times each row squared.

    ``codes`` have shape (N, E), ``labels`` (N, K): 1 with the attribute, 0 without.
    """
    mean, deviation = codes.mean(0, keepdim=True), codes.std(0, keepdim=True).clamp(min=1e-6)
    normed, wanted = ((codes - mean) / deviation).double(), labels.double()
    weight, bias = torch.zeros(wanted.shape[1], codes.shape[1]).double(), torch.zeros(wanted.shape[1]).double()
    optimizer = torch.optim.LBFGS(
        [weight.requires_grad_(), bias.requires_grad_()],
        max_iter=500,
        tolerance_grad=1e-9,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = functional.linear(normed, weight, bias)
        errors = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none").mean(0)
        value: Tensor = errors.sum() + decay / 2 * weight.square().sum()
        torch.autograd.backward(value)
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    return Classifier(weight.detach().float(), bias.detach().float(), mean, deviation, tuple(names))


def learn(
    encode: Callable[[Tensor], Tensor], shape: tuple[int, int, int], labels: Path, *, apart: float = 0.2, seed: int = 0
) -> tuple[Classifier, dict[str, float]]:
    """Learn to read attributes off the codes of labelled images; and how well that goes on images kept apart.

    Arguments:
        encode: Images (N, C, H, W) to codes (N, E): a predictor's ``semantic``.
        shape: (C, H, W) of an image.
        labels: A CSV file: ``file,Smiling,Young`` above, then a path (relative to it) and 1, 0 or -1 for each.
        apart: Share of the images kept apart, at least one.
        seed: Which these are.

    Returns:
        The classifier, and the area under the curve by attribute; NaN where the images kept apart lack an answer.
    """
    files, names, wanted = read_labels(labels)
    codes = torch.cat([encode(read_image(file, shape)[None]).cpu() for file in files])
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(seed))
    kept, rest = order.tensor_split([max(1, round(apart * len(files)))])
    if len(rest) < 2:
        raise RecipeError(f"{labels}: {len(files)} images are too few to learn from some and keep others apart")
    classifier = fit(codes[rest], wanted[rest], names)
    scores = classifier.logits(codes[kept])
    return classifier, {name: auroc(scores[:, k], wanted[kept, k]) for k, name in enumerate(names)}


def read_labels(path: Path) -> tuple[list[Path], tuple[str, ...], Tensor]:
    """Image files, names of attributes, and labels (N, K) of 0 and 1, from a CSV file as `learn` takes it."""
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(read_text(path).splitlines())]
    except csv.Error as error:
        raise RecipeError(f"{path} is not a readable CSV file: {error}") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise RecipeError(f"{path}: expected a line such as file,Smiling,Young and a line for each image below it")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]) or not set(row[1:]) <= {"1", "0", "-1"}:
            raise RecipeError(
                f"{path}:{number}: expected a file and {len(rows[0]) - 1} times 1, 0 or -1, got {','.join(row)}"
            )
    labels = torch.tensor([[float(cell == "1") for cell in row[1:]] for row in rows[1:]])
    return [path.parent / row[0] for row in rows[1:]], tuple(rows[0][1:]), labels
