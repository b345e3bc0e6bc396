"""Posterior samplers against the exact posterior of a mixture: a table of ``docs/inverse.md``.

    python benchmarks/inverse_mixture.py [METHOD ...]

Images are of six letters of the embedded model `mixture`, halved to 16x16, each letter a normal distribution. One is
drawn and observed with noise 0.05; behind what is seen of it several letters may be, so that the exact posterior is a
mixture as well. It is projected on the direction in which it is widest and cut into 16 parts of equal probability. Told
is the total variation of the samples from that: half of the sum of what each part has too much or too little. Chance
alone leaves 0.11 with 192 samples; 0.94 is every sample in one part.
"""

from __future__ import annotations

import sys
from typing import Any

import attrs
import inverse
import torch
from torch import Tensor

import superpose
from superpose import LinearOperator, Operator
from superpose_gaussian.normal import Mixture
from superpose_gaussian.predictor import ExactPredictor

LETTERS, PARTS = "BDEFPR", 16


def operators() -> dict[str, Operator]:
    """The problems: what leaves several letters open."""
    make = superpose.make
    return {
        "4 pixels": make("operator", "random-mask", share=0.016, seed=1),
        "16 times smaller": make("operator", "block-average", factor=16),
    }


@attrs.frozen
class Posterior:
    """The exact posterior of a problem, projected, as `inverse.rule_of` reads a problem.

    Attributes:
        operator, observed: The problem.
        direction: On which it is projected, shape (D,).
        edges: Of the parts, without the outermost.
        letters: Probability of each letter.
    """

    operator: LinearOperator
    observed: Tensor
    direction: Tensor
    edges: Tensor
    letters: Tensor

    @classmethod
    def of(cls, kind: Operator, images: Mixture) -> Posterior:
        """Draw an image of the first letter, observe it, and say what may be behind that."""
        exact = inverse.Exact.of(kind, images.normals[0])
        flat = exact.observed.double().flatten()
        seen = exact.operator.apply(torch.ones(1, *inverse.SHAPE).double()).flatten() != 0

        def operator(x: Tensor) -> Tensor:
            return exact.operator.apply(x.view(-1, *inverse.SHAPE)).flatten(1)[:, seen]

        told = [one.given(operator, flat[seen], inverse.NOISE) for one in images.normals]
        evidence = []
        for one in images.normals:
            matrix = operator(torch.eye(len(one.mean), dtype=torch.float64)).T
            spread = matrix @ one.covariance() @ matrix.T + inverse.NOISE**2 * torch.eye(len(matrix)).double()
            evidence.append(torch.distributions.MultivariateNormal(matrix @ one.mean, spread).log_prob(flat[seen]))
        letters = torch.stack(evidence).softmax(0)
        mean = sum(w * m for w, (m, _) in zip(letters, told, strict=True))
        covariance = sum(w * (c + torch.outer(m - mean, m - mean)) for w, (m, c) in zip(letters, told, strict=True))
        direction = torch.linalg.eigh(covariance)[1][:, -1]
        means = torch.stack([m @ direction for m, _ in told])
        deviations = torch.stack([(direction @ c @ direction).sqrt() for _, c in told])
        grid = torch.linspace(float((means - 6 * deviations).min()), float((means + 6 * deviations).max()), 20_001)
        below = (torch.special.ndtr((grid[:, None] - means) / deviations) * letters).sum(1)
        edges = grid[torch.searchsorted(below, torch.arange(1, PARTS, dtype=below.dtype) / PARTS)]
        return cls(exact.operator, exact.observed, direction, edges, letters)

    def variation(self, samples: Tensor) -> float:
        """Total variation of samples from the exact posterior, as they are projected."""
        places = torch.bucketize(samples.flatten(1).double() @ self.direction, self.edges.double())
        return float((torch.bincount(places, minlength=PARTS) / len(samples) - 1 / PARTS).abs().sum() / 2)


def main(chosen: list[str]) -> None:
    """Print the table."""
    whole: Any = superpose.model("mixture")
    normals = tuple(inverse.smaller(whole.images.normals[whole.prompts.index(letter)]) for letter in LETTERS)
    images = Mixture(normals, torch.full((len(LETTERS),), 1 / len(LETTERS), dtype=torch.float64))
    network: Any = ExactPredictor(images, tuple(LETTERS), inverse.SHAPE, whole.schedule, "cpu")
    problems = {name: Posterior.of(kind, images) for name, kind in operators().items()}
    for name, problem in problems.items():
        told = ", ".join(f"{letter} {share:.2f}" for letter, share in zip(LETTERS, problem.letters, strict=True))
        print(f"{name}: {told}")
    evaluations = inverse.Evaluations()
    evaluations.of(network)
    print("| method | network calls | " + " | ".join(problems) + " |")
    print("|---|---|" + "---|" * len(problems))
    for name, method in inverse.METHODS.items():
        if chosen and method.constraint not in chosen:
            continue
        found = [problem.variation(inverse.sampled(method, problem, network)) for problem in problems.values()]
        told = " | ".join(f"{one:.2f}" for one in found)
        print(f"| {name} | {evaluations.taken(len(problems))} | {told} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
